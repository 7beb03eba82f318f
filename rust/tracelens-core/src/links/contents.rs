//! The content of every text of a side: its rarest words.
//!
//! A document is one distinct text of one user, so saying the same again, or more of everything, makes no word more common.
//! Document frequencies are those of the whole side. The content of a text are the eight rarest of its words that some other
//! document has as well, and if there are fewer, any of its own words: those link it to nothing but its like, and keep two texts
//! from being taken for one because they share the only word that is not their own. Of equally rare words those first by text.
//!
//! The similarity of two contents is the cosine of their vectors of inverse document frequencies, ln(1 + N / n) (Salton &
//! Buckley 1988; Manning, Raghavan & Schütze 2008, chapter 6).

use super::words::words;
use crate::error::Result;
use crate::event::{Coded, NO_CODE, Pool};
use crate::gather::{Part, Traces};
use rayon::prelude::*;

/// Words in a content, at most.
pub const WORDS: usize = 8;

/// The contents of one side.
#[derive(Debug)]
pub struct Contents {
    /// Squared inverse document frequencies. A word's code is its rank in the order in which contents choose.
    weights: Vec<f64>,
    /// As the parts of the traces.
    parts: Vec<Lists>,
}

/// Words of each text of a part, in ascending order.
#[derive(Debug, Default)]
struct Lists {
    words: Vec<u32>,
    /// Those of text `i` are `starts[i]..starts[i + 1]`.
    starts: Vec<usize>,
}

impl Lists {
    fn get(&self, text: u32) -> &[u32] {
        &self.words[self.starts[text as usize]..self.starts[text as usize + 1]]
    }
}

/// What a text is about: codes of words in ascending order. Empty: about nothing that is known.
pub type Content<'a> = &'a [u32];

impl Contents {
    /// The contents of all texts; none if there are no texts.
    pub fn new(traces: &Traces) -> Result<Option<Self>> {
        if !traces.facts.texts {
            return Ok(None);
        }
        let read: Vec<Vocabulary> = traces.map_parts(|_, part| vocabulary(part))?;
        let mut all = Pool::default();
        let mut documents: Vec<u64> = Vec::new();
        let codes: Vec<Vec<u32>> = read
            .iter()
            .map(|part| {
                let words = part.pool.iter().zip(&part.documents);
                words
                    .map(|(word, n)| {
                        let code = all.intern(word);
                        documents.resize(all.len(), 0);
                        documents[code as usize] += n;
                        code
                    })
                    .collect()
            })
            .collect();
        let mut order: Vec<u32> = (0..all.len() as u32).collect();
        order.par_sort_unstable_by_key(|&code| {
            let n = documents[code as usize];
            (n == 1, n, all.get(code))
        });
        let mut rank = vec![0; all.len()];
        for (r, &code) in order.iter().enumerate() {
            rank[code as usize] = r as u32;
        }
        let whole: u64 = read.iter().map(|part| part.texts).sum();
        let weight = |&code: &u32| (1.0 + whole as f64 / documents[code as usize] as f64).ln().powi(2);
        Ok(Some(Self {
            weights: order.iter().map(weight).collect(),
            parts: read
                .par_iter()
                .zip(&codes)
                .map(|(part, codes)| part.rarest(codes, &rank))
                .collect(),
        }))
    }

    /// The content of a text of a part.
    pub fn get(&self, part: usize, text: u32) -> Content<'_> {
        if text == NO_CODE {
            &[]
        } else {
            self.parts[part].get(text)
        }
    }

    /// The squared inverse document frequency of a word.
    pub fn weight(&self, word: u32) -> f64 {
        self.weights[word as usize]
    }

    /// The squared length of a content's vector.
    pub fn square(&self, content: Content) -> f64 {
        content.iter().map(|&word| self.weight(word)).sum()
    }

    /// How alike two contents are: 0 without a common word, 1 if they are the same.
    pub fn similarity(&self, a: Content, b: Content) -> f64 {
        let (mut i, mut j, mut common) = (0, 0, 0.0);
        while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
            if x == y {
                common += self.weight(*x);
            }
            i += usize::from(x <= y);
            j += usize::from(y <= x);
        }
        if common == 0.0 {
            return 0.0;
        }
        cosine(common, self.square(a), self.square(b))
    }
}

/// From the sum over common words, and the squared lengths. Equal contents give 1 and not nearly so: all three sums are one.
pub(super) fn cosine(common: f64, a: f64, b: f64) -> f64 {
    common / (a * b).sqrt()
}

/// The words of a part's texts, with codes of its own.
struct Vocabulary {
    pool: Pool,
    /// Documents of each word.
    documents: Vec<u64>,
    lists: Lists,
    /// Documents at all.
    texts: u64,
}

fn vocabulary(part: &Part) -> Vocabulary {
    let said = documents(part, &part.text);
    let mut pool = Pool::default();
    let mut lists = Lists {
        words: Vec::new(),
        starts: vec![0],
    };
    let mut of_word: Vec<u64> = Vec::new();
    let mut texts = 0;
    let mut own: Vec<u32> = Vec::new();
    for (text, n) in part.text.pool.iter().zip(said) {
        own.clear();
        words(text, |word| own.push(pool.intern(word)));
        own.sort_unstable();
        own.dedup();
        of_word.resize(pool.len(), 0);
        for &word in &own {
            of_word[word as usize] += n;
        }
        // What has no words says nothing, and is no document.
        texts += if own.is_empty() { 0 } else { n };
        lists.words.extend(&own);
        lists.starts.push(lists.words.len());
    }
    Vocabulary {
        pool,
        documents: of_word,
        lists,
        texts,
    }
}

/// How many users said each text.
fn documents(part: &Part, texts: &Coded) -> Vec<u64> {
    let mut count = vec![0; texts.pool.len()];
    let mut last = vec![NO_CODE; texts.pool.len()];
    if texts.codes.is_empty() {
        return count;
    }
    for (place, &user) in part.users.iter().enumerate() {
        for &text in texts.codes[part.rows(place)].iter().filter(|&&text| text != NO_CODE) {
            let text = text as usize;
            count[text] += u64::from(last[text] != user);
            last[text] = user;
        }
    }
    count
}

impl Vocabulary {
    /// Of each text the words that come first in the order of all.
    fn rarest(&self, codes: &[u32], rank: &[u32]) -> Lists {
        let mut lists = Lists {
            words: Vec::new(),
            starts: vec![0],
        };
        let mut own: Vec<u32> = Vec::new();
        for text in 0..self.lists.starts.len() as u32 - 1 {
            own.clear();
            own.extend(self.lists.get(text).iter().map(|&w| rank[codes[w as usize] as usize]));
            own.sort_unstable();
            own.truncate(WORDS);
            lists.words.extend(&own);
            lists.starts.push(lists.words.len());
        }
        lists
    }
}
