//! What of a document a plan wants, as a tree of keys that the parser follows on its way down.

use super::lexer::Name;
use super::tail::Tail;
use crate::mapping::Plan;
use crate::mapping::path::{Each, Level, Step};

/// What is wanted of a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// The cell that it fills.
    pub(super) cell: Option<usize>,
    /// What is wanted inside it.
    pub(super) node: Option<usize>,
}

impl Target {
    fn is_wanted(self) -> bool {
        self != Self::default()
    }
}

/// A key of an object, wanted or only met before.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) name: Name,
    pub(super) target: Target,
    /// Its bit among the wanted keys whose values have to be known before rows are read; 0 for all others.
    pub(super) bit: u64,
    /// The key that followed it last time.
    pub(super) next: usize,
}

/// What is wanted inside an object or a list.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub(super) keys: Vec<Key>,
    /// The key that came first last time.
    pub(super) first: usize,
    /// Elements of a list by position.
    pub(super) elements: Vec<(usize, Target)>,
    /// Its values or elements are those of this explode level.
    pub(super) explode: Option<(usize, Each)>,
    /// Bits of all keys on which rows further down may depend.
    pub(super) all: u64,
}

/// Keys that no mapping asks for are remembered too, since their order is what makes the next key easy to guess; but not all
/// of an object that is a dictionary.
const REMEMBERED: usize = 64;

impl Node {
    /// The number of a key by name: it may be new here.
    #[cold]
    pub(super) fn find(&mut self, name: &str) -> Option<usize> {
        let found = self.keys.iter().position(|k| k.name.as_str() == name);
        if found.is_some() || self.keys.len() >= REMEMBERED {
            return found;
        }
        self.keys.push(Key {
            name: Name::new(name),
            target: Target::default(),
            bit: 0,
            next: usize::MAX,
        });
        Some(self.keys.len() - 1)
    }
}

/// A path that goes on where the parser cannot follow: inside the value of a cell of a level.
#[derive(Debug, Clone)]
pub(super) struct Inside {
    pub(super) tail: Tail,
    pub(super) cell: usize,
    pub(super) level: usize,
}

/// All that is wanted of a document.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    /// What is wanted of the document itself.
    pub(super) document: Target,
    /// What is wanted of an element, by explode level.
    pub(super) roots: Vec<Target>,
    /// Cells of each level: those that empty when an element of it begins.
    pub(super) cells: Vec<Vec<usize>>,
    /// The cell of each path of the plan.
    pub(super) cell_of: Vec<usize>,
    /// Paths that need more than a cell.
    pub(super) tails: Vec<Inside>,
    /// Number of cells.
    pub(super) width: usize,
}

impl Tree {
    pub(super) fn new(plan: &Plan) -> Self {
        let depth = plan.levels.len();
        let mut tree = Self {
            nodes: Vec::new(),
            document: Target::default(),
            roots: vec![Target::default(); depth],
            cells: vec![Vec::new(); depth],
            cell_of: Vec::new(),
            tails: Vec::new(),
            width: 0,
        };
        for (number, path) in plan.paths.iter().enumerate() {
            let level = (depth - 1).saturating_sub(path.up);
            let (steps, inside) = path.split();
            let place = tree.descend(Place::Root(level), steps);
            let cell = tree.target(place).cell.unwrap_or_else(|| {
                tree.width += 1;
                tree.cells[level].push(tree.width - 1);
                tree.width - 1
            });
            tree.target(place).cell = Some(cell);
            tree.cell_of.push(cell);
            if !inside.is_empty() {
                tree.tails.push(Inside {
                    tail: Tail::new(number, inside),
                    cell,
                    level,
                });
            }
        }
        for (level, Level { steps, each }) in plan.levels.iter().enumerate() {
            let from = level.checked_sub(1).map_or(Place::Document, Place::Root);
            let place = tree.descend(from, steps);
            let node = tree.node(place);
            tree.nodes[node].explode = Some((level, *each));
        }
        tree.number_keys(tree.document);
        for root in tree.roots.clone() {
            tree.number_keys(root);
        }
        tree
    }

    fn target(&mut self, place: Place) -> &mut Target {
        match place {
            Place::Document => &mut self.document,
            Place::Root(level) => &mut self.roots[level],
            Place::Key(node, i) => &mut self.nodes[node].keys[i].target,
            Place::Element(node, i) => &mut self.nodes[node].elements[i].1,
        }
    }

    fn node(&mut self, place: Place) -> usize {
        let next = self.nodes.len();
        let node = *self.target(place).node.get_or_insert(next);
        if node == next {
            self.nodes.push(Node::default());
        }
        node
    }

    fn descend(&mut self, from: Place, steps: &[Step]) -> Place {
        let mut place = from;
        for step in steps {
            let node = self.node(place);
            place = match step {
                Step::Key(key) => {
                    let keys = &mut self.nodes[node].keys;
                    let found = keys.iter().position(|k| k.name.as_str() == key);
                    let i = found.unwrap_or_else(|| {
                        keys.push(Key {
                            name: Name::new(key),
                            target: Target::default(),
                            bit: 0,
                            next: usize::MAX,
                        });
                        keys.len() - 1
                    });
                    Place::Key(node, i)
                }
                Step::At(at) => {
                    let elements = &mut self.nodes[node].elements;
                    let found = elements.iter().position(|(i, _)| i == at);
                    let i = found.unwrap_or_else(|| {
                        elements.push((*at, Target::default()));
                        elements.len() - 1
                    });
                    Place::Element(node, i)
                }
                // `FieldPath::split` leaves these to the tails, and levels have none.
                Step::Where(..) | Step::Any | Step::Json => return place,
            };
        }
        place
    }

    /// Whether rows are found below a target, inside the same element.
    fn leads_to_rows(&self, target: Target) -> bool {
        let Some(node) = target.node.map(|n| &self.nodes[n]) else {
            return false;
        };
        node.explode.is_some()
            || node.keys.iter().any(|k| self.leads_to_rows(k.target))
            || node.elements.iter().any(|(_, t)| self.leads_to_rows(*t))
    }

    /// Give bits to the wanted keys beside those that lead to rows.
    fn number_keys(&mut self, target: Target) {
        let Some(n) = target.node else { return };
        let beside: Vec<usize> = (0..self.nodes[n].keys.len())
            .filter(|&i| {
                let t = self.nodes[n].keys[i].target;
                t.is_wanted() && !self.leads_to_rows(t)
            })
            .collect();
        for (bit, &i) in beside.iter().enumerate() {
            // More keys than bits: they are never all known, and rows wait for the end of the object.
            let mask = 1 << bit.min(63);
            self.nodes[n].keys[i].bit = if bit < 63 { mask } else { 0 };
            self.nodes[n].all |= mask;
        }
        for target in self.nodes[n].keys.iter().map(|k| k.target).collect::<Vec<_>>() {
            self.number_keys(target);
        }
    }
}

#[derive(Clone, Copy)]
enum Place {
    Document,
    Root(usize),
    Key(usize, usize),
    Element(usize, usize),
}
