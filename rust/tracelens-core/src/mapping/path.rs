//! Where a value stands: `type`, `context.item_id`, `tags[0]`, `^.timestamp` (of the parent record), `"odd key".x`,
//! `params[key=id].value`, `payload{json}.x`, `tags[*]`.

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
        let up = text.bytes().take_while(|&c| c == b'^').count();
        let rest = &text[up..];
        let steps = match (up > 0, rest.strip_prefix('$')) {
            (_, Some(inside)) if ends_step(inside) => steps_inside(inside)?,
            (true, _) if rest.starts_with(['.', '[', '{']) || rest.is_empty() => steps_inside(rest)?,
            (true, _) => return Err("after ^ comes a dot: ^.key".to_owned()),
            (false, _) => steps(rest)?,
        };
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
        let rest = match text.strip_prefix('$') {
            Some(inside) if ends_step(inside) => inside,
            _ if text.is_empty() => return Err("it is empty: write $ for the document itself".to_owned()),
            _ => text,
        };
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
        let steps = if path.is_empty() { Vec::new() } else { steps(path)? };
        let plain = |step: &Step| matches!(step, Step::Key(_) | Step::At(_));
        if !steps.iter().all(plain) {
            return Err("an exploded path is made of keys and elements, and of one [*] or .* at its end".to_owned());
        }
        Ok(Self { steps, each })
    }
}

/// Steps of a path that starts with a key.
fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let rest = key(text, &mut steps)?;
    more(rest, &mut steps)?;
    Ok(steps)
}

/// Steps after the element itself: `.key`, `[0]`, `{json}`.
fn steps_inside(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    more(text, &mut steps)?;
    Ok(steps)
}

const JSON: &str = "{json}";

/// Whether a step may end here.
fn ends_step(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['.', '[']) || rest.starts_with(JSON)
}

/// Everything that may follow a key.
fn more(mut rest: &str, steps: &mut Vec<Step>) -> Result<(), String> {
    while !rest.is_empty() {
        rest = if let Some(after) = rest.strip_prefix('.') {
            key(after, steps)?
        } else if let Some(after) = rest.strip_prefix(JSON) {
            steps.push(Step::Json);
            after
        } else if let Some(inside) = rest.strip_prefix('[') {
            element(inside, steps)?
        } else {
            return Err(format!("expected a dot before {rest:?}"));
        };
    }
    Ok(())
}

/// A key, in quotes or up to the next step; what stands after it.
fn key<'a>(text: &'a str, steps: &mut Vec<Step>) -> Result<&'a str, String> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (key, rest) = quoted.split_once('"').ok_or("a quoted key without its closing quote")?;
        steps.push(Step::Key(key.to_owned()));
        return Ok(rest);
    }
    let end = text.find(['.', '[', '{']).unwrap_or(text.len());
    let (key, rest) = text.split_at(end);
    if rest.starts_with('{') && !rest.starts_with(JSON) {
        return Err(format!("{rest:?} is no step: write {JSON}, or put the key in quotes"));
    }
    steps.push(match key {
        "" => return Err("an empty key".to_owned()),
        "*" => Step::Any,
        key => Step::Key(key.to_owned()),
    });
    Ok(rest)
}

/// What stands in brackets: a position, `*`, or a member and its value; what stands after them.
fn element<'a>(inside: &'a str, steps: &mut Vec<Step>) -> Result<&'a str, String> {
    let open = || "a [ without its ]".to_owned();
    let (step, rest) = if let Some((member, value)) = split_condition(inside) {
        let (value, rest) = match value.strip_prefix('"') {
            Some(quoted) => {
                let (value, rest) = quoted
                    .split_once('"')
                    .ok_or("a quoted value without its closing quote")?;
                (value, rest.strip_prefix(']').ok_or_else(open)?)
            }
            None => value.split_once(']').ok_or_else(open)?,
        };
        if member.is_empty() {
            return Err("a condition without a member: write [key=x]".to_owned());
        }
        (Step::Where(member.to_owned(), value.to_owned()), rest)
    } else {
        let (at, rest) = inside.split_once(']').ok_or_else(open)?;
        let step = match at {
            "*" => Step::Any,
            at => Step::At(
                at.parse()
                    .map_err(|_| format!("[{at}] is no element: write [0], [1], ..., [*] or [key=x]"))?,
            ),
        };
        (step, rest)
    };
    steps.push(step);
    Ok(rest)
}

/// The member and what follows its `=`, if these brackets hold a condition.
fn split_condition(inside: &str) -> Option<(&str, &str)> {
    if let Some(quoted) = inside.strip_prefix('"') {
        let (member, rest) = quoted.split_once('"')?;
        return Some((member, rest.strip_prefix('=')?));
    }
    let (member, value) = inside.split_once('=')?;
    (!member.contains(']')).then_some((member, value))
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

    fn steps_of(path: &str) -> Vec<Step> {
        FieldPath::parse(path).unwrap().steps
    }

    #[test]
    fn paths_look_for_members_take_all_and_read_json_in_text() {
        let found = |k: &str, v: &str| Step::Where(k.to_owned(), v.to_owned());
        assert_eq!(
            steps_of("params[key=ga_session_id].value.int"),
            [key("params"), found("key", "ga_session_id"), key("value"), key("int")]
        );
        assert_eq!(steps_of("a[key=\"x] y\"]"), [key("a"), found("key", "x] y")]);
        assert_eq!(steps_of("a[\"odd key\"=x]"), [key("a"), found("odd key", "x")]);
        assert_eq!(steps_of("a[key=]"), [key("a"), found("key", "")]);
        assert_eq!(steps_of("a[*].b"), [key("a"), Step::Any, key("b")]);
        assert_eq!(steps_of("a.*.b"), [key("a"), Step::Any, key("b")]);
        assert_eq!(steps_of("*"), [Step::Any]);
        assert_eq!(steps_of("a.\"*\""), [key("a"), key("*")], "a quoted star is a key");
        assert_eq!(steps_of("a*.b"), [key("a*"), key("b")], "as is a star within one");
        assert_eq!(
            steps_of("payload{json}.x[0]"),
            [key("payload"), Step::Json, key("x"), Step::At(0)]
        );
        assert_eq!(steps_of("\"a{json}\""), [key("a{json}")]);
    }

    #[test]
    fn the_element_itself_may_be_a_list_or_a_text() {
        assert_eq!(steps_of("$"), []);
        assert_eq!(steps_of("$[1]"), [Step::At(1)]);
        assert_eq!(steps_of("${json}.x"), [Step::Json, key("x")]);
        assert_eq!(steps_of("$.x"), [key("x")]);
        assert_eq!(steps_of("$price"), [key("$price")]);
        assert_eq!(steps_of("^"), []);
        let parent = FieldPath::parse("^[2].x").unwrap();
        assert_eq!((parent.up, parent.steps), (1, vec![Step::At(2), key("x")]));
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
            ("a[key=\"x]", "closing quote"),
            ("a[key=x", "without its ]"),
            ("a[=x]", "without a member"),
            ("a[-1]", "no element"),
            ("a[99999999999999999999]", "no element"),
            ("a{jsn}.b", "{json}"),
            ("a{json}b", "a dot"),
            ("", "empty key"),
        ] {
            assert!(FieldPath::parse(text).unwrap_err().contains(why), "{text}");
        }
        assert!(Level::parse("history").unwrap_err().contains("[*]"));
        assert!(Level::parse("").unwrap_err().contains("empty"));
        for level in ["a[key=x].b[*]", "a{json}[*]", "a[*].b[*]", "*.*"] {
            assert!(
                Level::parse(level).unwrap_err().contains("keys and elements"),
                "{level}"
            );
        }
    }
}
