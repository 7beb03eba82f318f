//! Where a value stands: `type`, `context.item_id`, `tags[0]`, `^.timestamp` (of the parent record), `"odd key".x`.

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A key of an object.
    Key(String),
    /// An element of a list.
    At(usize),
    /// The first element of a list whose member has this text.
    Where(String, String),
    /// Every element of a list, every value of an object.
    Any,
    /// What a text holds, as JSON.
    Json,
}

/// A path from a row, or from one of its parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath {
    /// How many explode levels up.
    pub up: usize,
    /// Steps from there; none means the element itself.
    pub steps: Vec<Step>,
    /// The path as written, which is also the column's name in a delimited file.
    pub written: String,
}

impl FieldPath {
    /// Steps that a parser can follow on its way, and those that have to be looked for in what it finds there.
    pub fn split(&self) -> (&[Step], &[Step]) {
        let plain = |s: &Step| matches!(s, Step::Key(_) | Step::At(_));
        self.steps
            .split_at(self.steps.iter().position(|s| !plain(s)).unwrap_or(self.steps.len()))
    }

    /// Parse a path; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let up = text.chars().take_while(|&c| c == '^').count();
        let mut rest = &text[up..];
        if up > 0 {
            rest = match rest.strip_prefix('.') {
                Some(r) => r,
                None if rest.is_empty() => rest,
                None => return Err("after ^ comes a dot: ^.key".to_owned()),
            };
        }
        let steps = if rest == "$" { Vec::new() } else { steps(rest)? };
        Ok(Self {
            up,
            steps,
            written: text.to_owned(),
        })
    }
}

/// How one level of rows is found inside the level above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    /// The element itself: a document that is one row, or the parent of rows.
    Whole,
    /// Every value of an object; its key is kept.
    Value,
    /// Every element of a list.
    Element,
}

/// One level of `[rows] explode`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Steps from the element above.
    pub steps: Vec<Step>,
    /// What to take there.
    pub each: Each,
}

impl Level {
    /// Parse `$`, `$.*`, `$[*]`, `history[*]`, `data.users.*`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix('$').unwrap_or(text);
        let (path, each) = if let Some(path) = rest.strip_suffix("[*]") {
            (path, Each::Element)
        } else if let Some(path) = rest.strip_suffix(".*") {
            (path, Each::Value)
        } else if rest.is_empty() {
            (rest, Each::Whole)
        } else {
            return Err("an exploded path ends in [*] (elements of a list) or .* (values of an object)".to_owned());
        };
        let path = path.strip_prefix('.').unwrap_or(path);
        Ok(Self {
            steps: if path.is_empty() { Vec::new() } else { steps(path)? },
            each,
        })
    }
}

fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').ok_or("a quoted key without its closing quote")?;
            steps.push(Step::Key(quoted[..end].to_owned()));
            rest = &quoted[end + 1..];
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                return Err("an empty key".to_owned());
            }
            steps.push(Step::Key(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        while let Some(index) = rest.strip_prefix('[') {
            let end = index.find(']').ok_or("a [ without its ]")?;
            let at = index[..end]
                .parse()
                .map_err(|_| format!("[{}] is no element: write [0], [1], ...", &index[..end]))?;
            steps.push(Step::At(at));
            rest = &index[end + 1..];
        }
        match rest.strip_prefix('.') {
            Some(more) => rest = more,
            None if rest.is_empty() => return Ok(steps),
            None => return Err(format!("expected a dot before {rest:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(k: &str) -> Step {
        Step::Key(k.to_owned())
    }

    #[test]
    fn paths_name_keys_elements_and_parents() {
        assert_eq!(FieldPath::parse("a.b").unwrap().steps, [key("a"), key("b")]);
        assert_eq!(
            FieldPath::parse("a[1].b").unwrap().steps,
            [key("a"), Step::At(1), key("b")]
        );
        assert_eq!(FieldPath::parse("\"a.b\".c").unwrap().steps, [key("a.b"), key("c")]);
        let parent = FieldPath::parse("^^.x").unwrap();
        assert_eq!((parent.up, parent.steps), (2, vec![key("x")]));
    }

    #[test]
    fn levels_explode_objects_lists_or_take_the_whole() {
        assert_eq!(
            Level::parse("$").unwrap(),
            Level {
                steps: vec![],
                each: Each::Whole
            }
        );
        assert_eq!(
            Level::parse("$.*").unwrap(),
            Level {
                steps: vec![],
                each: Each::Value
            }
        );
        assert_eq!(
            Level::parse("$[*]").unwrap(),
            Level {
                steps: vec![],
                each: Each::Element
            }
        );
        assert_eq!(
            Level::parse("a.b[*]").unwrap(),
            Level {
                steps: vec![key("a"), key("b")],
                each: Each::Element
            }
        );
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (text, why) in [
            ("a..b", "empty key"),
            ("a[x]", "no element"),
            ("^x", "dot"),
            ("\"a", "closing quote"),
        ] {
            assert!(FieldPath::parse(text).unwrap_err().contains(why), "{text}");
        }
        assert!(Level::parse("history").unwrap_err().contains("[*]"));
    }
}
