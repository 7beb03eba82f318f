//! Which of a user's texts are about something: an inverted index from words to texts.

use super::contents::cosine;
use super::{Content, Linking};
use crate::event::NO_CODE;
use hashbrown::HashMap;

/// An inverted index of the texts of one user (Zobel & Moffat 2006), for the words that are asked about and no others.
#[derive(Debug)]
pub struct Index<'a> {
    linking: Linking<'a>,
    texts: Vec<u32>,
    /// Squared lengths of the texts' contents.
    squares: Vec<f64>,
    /// Places in `texts`, ascending, by word.
    postings: HashMap<u32, Vec<u32>>,
    /// Sums over common words by place, all zero between questions.
    common: Vec<f64>,
}

impl<'a> Index<'a> {
    /// Of these texts (codes of the part, in any order and as often as they come), for questions about `asked`.
    pub fn new(linking: Linking<'a>, texts: &[u32], asked: impl Iterator<Item = Content<'a>>) -> Self {
        let mut postings: HashMap<u32, Vec<u32>> = asked.flatten().map(|&word| (word, Vec::new())).collect();
        let mut texts: Vec<u32> = texts.iter().copied().filter(|&text| text != NO_CODE).collect();
        texts.sort_unstable();
        texts.dedup();
        for (place, &text) in texts.iter().enumerate() {
            for word in linking.content(text) {
                if let Some(list) = postings.get_mut(word) {
                    list.push(place as u32);
                }
            }
        }
        Self {
            linking,
            squares: vec![0.0; texts.len()],
            common: vec![0.0; texts.len()],
            texts,
            postings,
        }
    }

    /// The texts linked to a content, each with its similarity, in the order of their codes.
    pub fn linked(&mut self, content: Content) -> Vec<(u32, f64)> {
        let contents = &self.linking.links.contents;
        let mut met: Vec<u32> = Vec::new();
        // Word by word in ascending order, as `Contents::similarity` adds them up.
        for &word in content {
            let weight = contents.weight(word);
            for &place in self.postings.get(&word).map_or(&[][..], |list| list) {
                let common = &mut self.common[place as usize];
                if *common == 0.0 {
                    met.push(place);
                }
                *common += weight;
            }
        }
        met.sort_unstable();
        let own = contents.square(content);
        let mut found = Vec::new();
        for place in met {
            let (text, place) = (self.texts[place as usize], place as usize);
            let common = std::mem::take(&mut self.common[place]);
            let square = &mut self.squares[place];
            if *square == 0.0 {
                *square = contents.square(self.linking.content(text));
            }
            let similarity = cosine(common, own, *square);
            if self.linking.is_linked(similarity) {
                found.push((text, similarity));
            }
        }
        found
    }
}
