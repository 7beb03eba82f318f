//! The mappings that come with tracelens: files of the same language as any other.

/// Their names and texts, in the order in which they are tried on a log that nobody named a mapping for.
pub(super) const ALL: [(&str, &str); 19] = [
    ("omnibehavior", include_str!("builtin/omnibehavior.toml")),
    (
        "omnibehavior-predictions",
        include_str!("builtin/omnibehavior-predictions.toml"),
    ),
    ("recllmsim", include_str!("builtin/recllmsim.toml")),
    ("tau2-bench", include_str!("builtin/tau2-bench.toml")),
    ("tau-bench", include_str!("builtin/tau-bench.toml")),
    ("twin2k", include_str!("builtin/twin2k.toml")),
    ("oasis", include_str!("builtin/oasis.toml")),
    ("retailrocket", include_str!("builtin/retailrocket.toml")),
    ("rees46", include_str!("builtin/rees46.toml")),
    ("kuairand", include_str!("builtin/kuairand.toml")),
    ("ga4", include_str!("builtin/ga4.toml")),
    ("openinference", include_str!("builtin/openinference.toml")),
    ("ocel", include_str!("builtin/ocel.toml")),
    ("xes", include_str!("builtin/xes.toml")),
    ("sharegpt", include_str!("builtin/sharegpt.toml")),
    ("chat", include_str!("builtin/chat.toml")),
    ("taobao", include_str!("builtin/taobao.toml")),
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
