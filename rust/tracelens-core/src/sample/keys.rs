//! The keys of objects anywhere in JSON, in the order in which they are met.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// Keys, each once.
#[derive(Debug, Default)]
pub(super) struct Keys {
    known: HashSet<String>,
    in_order: Vec<String>,
}

impl Keys {
    pub(super) fn add(&mut self, key: &str) {
        if self.known.insert(key.to_owned()) {
            self.in_order.push(key.to_owned());
        }
    }

    /// Add those of a text, up to where it breaks.
    pub(super) fn add_all(&mut self, json: &str) {
        let _ = self.deserialize(&mut serde_json::Deserializer::from_str(json));
    }

    pub(super) fn contains(&self, key: &str) -> bool {
        self.known.contains(key)
    }

    pub(super) fn first(&self, some: usize) -> &[String] {
        &self.in_order[..some.min(self.in_order.len())]
    }
}

impl<'de> DeserializeSeed<'de> for &mut Keys {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Keys {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(key) = entries.next_key::<String>()? {
            self.add(&key);
            entries.next_value_seed(&mut *self)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(&mut *self)?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_wherever_they_stand_up_to_where_the_text_breaks() {
        let mut keys = Keys::default();
        keys.add("column");
        keys.add_all(r#"{"b": [{"a": 1.5, "b": [null, true, -1, "c"]}], "d": {"e": 1}}"#);
        keys.add_all(r#"{"f": {"g": tru, "h": 1}}"#);
        assert_eq!(keys.first(99), ["column", "b", "a", "d", "e", "f", "g"]);
        assert_eq!(keys.first(2), ["column", "b"]);
        assert!(keys.contains("g") && !keys.contains("c"));
    }
}
