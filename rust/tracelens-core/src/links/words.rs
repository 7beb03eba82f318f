//! What a text is about, as words. Texts are brought to NFKC (full width is half width, a ligature its letters) and lower case.
//! Where words are spaced they are those of Unicode's UAX #29; scripts without spaces (Han, kana, Bopomofo, Thai, Lao, Burmese,
//! Khmer) give each two characters that stand side by side, and a character that stands alone.
//!
//! Left out is what links by accident: words without a letter (prices, years, counts) and single letters; a single syllable
//! of Hangul is a word.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use unicode_segmentation::UnicodeSegmentation;

/// Hand over the words of a text, in its order and as often as they stand there.
pub fn words(text: &str, mut each: impl FnMut(&str)) {
    let normal = match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => text.to_lowercase(),
        _ => text.nfkc().collect::<String>().to_lowercase(),
    };
    if normal.is_ascii() {
        spaced(&normal, &mut each);
        return;
    }
    let mut rest = normal.as_str();
    while let Some(first) = rest.chars().next() {
        let unspaced = is_unspaced(first);
        let end = rest.find(|c| is_unspaced(c) != unspaced).unwrap_or(rest.len());
        let (stretch, more) = rest.split_at(end);
        if unspaced {
            pairs(stretch, &mut each);
        } else {
            spaced(stretch, &mut each);
        }
        rest = more;
    }
}

fn spaced(stretch: &str, each: &mut impl FnMut(&str)) {
    let is_hangul = |c| matches!(c, '\u{AC00}'..='\u{D7A3}');
    for word in stretch.unicode_words() {
        let mut letters = word.chars();
        let single = letters.next().is_some_and(|c| !is_hangul(c)) && letters.next().is_none();
        if !single && word.chars().any(char::is_alphabetic) {
            each(word);
        }
    }
}

/// The characters of a stretch two by two; one that is alone as it is.
fn pairs(stretch: &str, each: &mut impl FnMut(&str)) {
    let starts = || stretch.char_indices().map(|(at, _)| at);
    let ends = starts().skip(2).chain([stretch.len()]);
    starts().zip(ends).for_each(|(start, end)| each(&stretch[start..end]));
}

/// Characters of scripts that do not set spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0E01}'..='\u{0E3A}' | '\u{0E40}'..='\u{0E4E}' // Thai
        | '\u{0E81}'..='\u{0ECE}' | '\u{0EDC}'..='\u{0EDF}' // Lao
        | '\u{1000}'..='\u{103F}' | '\u{1050}'..='\u{108F}' // Burmese
        | '\u{1780}'..='\u{17D3}' // Khmer
        | '\u{3005}'..='\u{3007}' // marks of repetition, zero
        | '\u{3041}'..='\u{309F}' | '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}' // hiragana, katakana
        | '\u{3105}'..='\u{312F}' | '\u{31A0}'..='\u{31BF}' | '\u{31F0}'..='\u{31FF}' // Bopomofo, small katakana
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' // Han
    )
}

#[cfg(test)]
mod tests {
    use super::words;

    fn of(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        words(text, |word| found.push(word.to_owned()));
        found
    }

    #[test]
    fn spaced_scripts_give_their_words_in_lower_case() {
        assert_eq!(of("Red Running-Shoes, don't!"), ["red", "running", "shoes", "don't"]);
        assert_eq!(of("Красные кроссовки"), ["красные", "кроссовки"]);
        assert_eq!(of("빨간 운동화 물"), ["빨간", "운동화", "물"], "a syllable is a word");
        assert_eq!(of("ΟΔΟΣ"), ["οδος"]);
    }

    #[test]
    fn scripts_without_spaces_give_pairs_and_what_stands_alone() {
        assert_eq!(of("红色跑鞋"), ["红色", "色跑", "跑鞋"]);
        assert_eq!(of("鞋"), ["鞋"]);
        assert_eq!(of("鞋,跑鞋。"), ["鞋", "跑鞋"], "pairs do not reach over punctuation");
        assert_eq!(of("ラーメン屋"), ["ラー", "ーメ", "メン", "ン屋"]);
        assert_eq!(of("รองเท้า").first().map(String::as_str), Some("รอ"));
    }

    #[test]
    fn stretches_of_either_kind_stand_side_by_side() {
        assert_eq!(of("买iPhone15手机壳 Pro"), ["买", "iphone15", "手机", "机壳", "pro"]);
        assert_eq!(of("Tシャツ xl"), ["シャ", "ャツ", "xl"]);
    }

    #[test]
    fn compatible_characters_are_the_same() {
        assert_eq!(of("ＩＰＨＯＮＥ ﬁt ｶﾒﾗ"), ["iphone", "fit", "カメ", "メラ"]);
        assert_eq!(of("cafe\u{301}"), of("café"));
    }

    #[test]
    fn numbers_single_letters_and_signs_are_no_words() {
        assert_eq!(of("a 99 3.14 2025 b2 15pro"), ["b2", "15pro"]);
        assert!(of("").is_empty());
        assert!(of("😀👍 ♥ …!? 100%").is_empty());
        assert_eq!(of("shoes😀红👍鞋"), ["shoes", "红", "鞋"]);
    }
}
