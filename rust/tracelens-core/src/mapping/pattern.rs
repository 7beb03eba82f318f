//! Patterns of paths: `*` is any text within one directory, `?` one character, `**` any directories.

/// Whether a pattern fits a path. Capitals count as small letters, as they do in the names of files elsewhere.
pub(super) fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.to_lowercase(), path.to_lowercase());
    let pattern: Vec<&str> = parts(&pattern).collect();
    let path: Vec<&str> = parts(&path).collect();
    wild(&pattern, &path, |p| *p == "**", |p, part| name_fits(p, part))
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".")
}

fn name_fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    wild(&pattern, &name, |p| *p == '*', |p, c| *p == '?' || p == c)
}

/// Whether a pattern with parts that stand for any number of things fits these things. Where the rest of the pattern does
/// not fit, the last such part takes one thing more: an earlier one need never do so.
fn wild<P, T>(pattern: &[P], things: &[T], any: impl Fn(&P) -> bool, one: impl Fn(&P, &T) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut last: Option<(usize, usize)> = None;
    while t < things.len() {
        match pattern.get(p) {
            Some(part) if any(part) => {
                last = Some((p, t));
                p += 1;
            }
            Some(part) if one(part, &things[t]) => (p, t) = (p + 1, t + 1),
            _ => match &mut last {
                Some((at, taken)) => {
                    *taken += 1;
                    (p, t) = (*at + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(any)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stays_in_its_directory_and_two_go_anywhere() {
        for (pattern, path, fit) in [
            ("orders/*.csv", "orders/a.csv", true),
            ("orders/*.csv", "orders/2025/a.csv", false),
            ("orders/*.csv", "a.csv", false),
            ("orders/**/*.csv", "orders/a.csv", true),
            ("orders/**/*.csv", "orders/2025/09/a.csv", true),
            ("**/a?.csv", "x/y/a1.csv", true),
            ("**/a?.csv", "x/y/a.csv", false),
            ("logs/**", "logs/x/y", true),
            ("*.csv", "./A.CSV", true),
            ("**/b/**/*.csv", "a/b/c/b/d.csv", true),
            ("*ab*b", "xxabab", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, path), fit, "{pattern} {path}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!fits(&format!("{}c", "*a".repeat(40)), &"a".repeat(2000)));
        assert!(!fits(&format!("{}c", "**/a/".repeat(40)), &"a/".repeat(2000)));
    }
}
