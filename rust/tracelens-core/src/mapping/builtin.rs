//! The mappings that come with tracelens: files of the same language as any other.

/// Their names and texts, in the order in which they are tried on a log that nobody named a mapping for.
pub(super) const ALL: [(&str, &str); 4] = [
    ("omnibehavior", include_str!("builtin/omnibehavior.toml")),
    ("recllmsim", include_str!("builtin/recllmsim.toml")),
    ("snap", include_str!("builtin/snap.toml")),
    ("events", include_str!("builtin/events.toml")),
];

/// The text of one.
pub(super) fn text(name: &str) -> Option<&'static str> {
    ALL.into_iter().find(|(known, _)| *known == name).map(|(_, text)| text)
}

/// Names of the built-in mappings.
pub fn builtin_names() -> &'static [&'static str] {
    const NAMES: [&str; ALL.len()] = {
        let mut names = [""; ALL.len()];
        let mut i = 0;
        while i < names.len() {
            names[i] = ALL[i].0;
            i += 1;
        }
        names
    };
    &NAMES
}
