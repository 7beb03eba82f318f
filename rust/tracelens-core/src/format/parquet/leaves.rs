//! Which leaves of a schema are read: those at the ends of paths, and no others beside them.

use crate::mapping::path::Step;
use arrow_schema::{DataType, Schema};

/// Numbers of the leaves at the ends of paths: each a column and the steps from it.
pub(super) fn wanted(schema: &Schema, paths: &[(usize, Vec<Step>)]) -> Vec<usize> {
    let types = schema.fields().iter().map(|field| field.data_type());
    let starts = types.scan(0, |next, of| {
        let start = *next;
        *next += count(of);
        Some(start)
    });
    let starts: Vec<usize> = starts.collect();
    let mut leaves = Vec::new();
    for (column, steps) in paths {
        mark(schema.field(*column).data_type(), steps, starts[*column], &mut leaves);
    }
    leaves
}

/// Leaves of a type.
fn count(of: &DataType) -> usize {
    match of {
        DataType::Struct(members) => members.iter().map(|m| count(m.data_type())).sum(),
        other => element(other).map_or(1, count),
    }
}

/// What lists of this type are made of: a map is one of keys and values.
fn element(of: &DataType) -> Option<&DataType> {
    use DataType as T;
    match of {
        T::List(element)
        | T::LargeList(element)
        | T::ListView(element)
        | T::LargeListView(element)
        | T::FixedSizeList(element, _)
        | T::Map(element, _) => Some(element.data_type()),
        _ => None,
    }
}

fn mark(of: &DataType, steps: &[Step], first: usize, leaves: &mut Vec<usize>) {
    match (of, steps) {
        (DataType::Map(entries, _), [_, rest @ ..]) => {
            // The keys, to find the value by, and of the values what goes on there.
            leaves.push(first);
            if let DataType::Struct(members) = entries.data_type()
                && let [key, value] = &members[..]
            {
                mark(value.data_type(), rest, first + count(key.data_type()), leaves);
            }
        }
        (DataType::Struct(members), [step, rest @ ..]) => {
            let mut at = first;
            for member in members {
                if matches!(step, Step::Any) || matches!(step, Step::Key(key) if key == member.name()) {
                    mark(member.data_type(), rest, at, leaves);
                }
                at += count(member.data_type());
            }
        }
        (other, [step, rest @ ..]) if element(other).is_some() => {
            let Some(element) = element(other) else { return };
            if let Step::Where(key, _) = step {
                mark(element, &[Step::Key(key.clone())], first, leaves);
            }
            mark(element, rest, first, leaves);
        }
        // Of what has parts only that it is there can be asked: one of them tells.
        _ => leaves.push(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::path::FieldPath;
    use arrow_schema::{Field, Fields};
    use std::sync::Arc;

    fn of(path: &str) -> Vec<usize> {
        let field = |name: &str, of: DataType| Field::new(name, of, true);
        let group = |members: Vec<Field>| DataType::Struct(Fields::from(members));
        let list = |of: DataType| DataType::List(Arc::new(field("item", of)));
        // 2 is the key of a parameter, 3 and 4 are in its value.
        let value = group(vec![field("int", DataType::Int64), field("text", DataType::Utf8)]);
        let parameter = group(vec![field("key", DataType::Utf8), field("value", value.clone())]);
        // 5 is the key of an entry, 6 and 7 are in its value.
        let entries = group(vec![field("keys", DataType::Utf8), field("values", value)]);
        let schema = Schema::new(vec![
            field("user", DataType::Utf8),
            field("tags", list(list(DataType::Utf8))),
            field("parameters", list(parameter)),
            field("map", DataType::Map(Arc::new(field("entries", entries)), false)),
        ]);
        let steps = FieldPath::parse(path).unwrap().steps;
        let Step::Key(root) = &steps[0] else { panic!() };
        let column = schema.index_of(root).unwrap();
        let mut leaves = wanted(&schema, &[(column, steps[1..].to_vec())]);
        leaves.sort_unstable();
        leaves
    }

    #[test]
    fn paths_end_at_leaves() {
        for (path, leaves) in [
            ("user", vec![0]),
            ("user{json}.x", vec![0]),
            ("tags[0][1]", vec![1]),
            ("tags", vec![1]),
            ("parameters", vec![2]),
            ("parameters[key=id].value.int", vec![2, 3]),
            ("parameters[*].value.text", vec![4]),
            ("parameters[0].value", vec![3]),
            ("parameters[0].*.text", vec![2, 4]),
            ("parameters[0].none", vec![]),
            ("map.x.text", vec![5, 7]),
            ("map.*.int", vec![5, 6]),
        ] {
            assert_eq!(of(path), leaves, "{path}");
        }
    }
}
