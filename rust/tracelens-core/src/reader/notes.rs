//! What the reader of a result should know beside the counts.

use crate::error::closest;
use crate::mapping::{Plan, builtin_names};
use std::collections::{BTreeMap, BTreeSet};

/// As many names as are listed of one kind.
const LISTED: usize = 10;

/// Actions that the mapping names and no row has, most likely misspelt; and those that rows have and it says nothing of.
/// Built-in mappings name all that their format may hold.
pub(super) fn of_actions(plan: &Plan, met: &BTreeSet<String>) -> Vec<String> {
    if builtin_names().contains(&plan.name()) || met.is_empty() {
        return Vec::new();
    }
    let named: BTreeSet<&String> = plan
        .roles
        .keys()
        .chain(plan.valences.keys())
        .chain(plan.happened.keys())
        .collect();
    let unmet = named.iter().filter(|name| !met.contains(**name)).map(|name| {
        let near = closest(name, met.iter().map(String::as_str));
        let hint = near.map_or_else(String::new, |n| format!(": is \"{n}\" meant?"));
        format!("the mapping names the action \"{name}\", which no row has{hint}")
    });
    unmet.chain(unnamed(plan, &named, met)).collect()
}

/// Where a mapping gives meanings to actions, the log's others have the usual one.
fn unnamed(plan: &Plan, named: &BTreeSet<&String>, met: &BTreeSet<String>) -> Option<String> {
    let usual: Vec<&str> = [
        ("active", plan.role.is_none() && !plan.roles.is_empty()),
        ("neutral", plan.valence.is_none() && !plan.valences.is_empty()),
    ]
    .into_iter()
    .filter_map(|(usual, is_given)| is_given.then_some(usual))
    .collect();
    let listed = |action: &String| plan.melt.iter().any(|(name, _)| name == action);
    let seen = |action: &String| plan.exposure_by_record && action == "exposure";
    let others: Vec<&str> = met
        .iter()
        .filter(|action| !named.contains(action) && !listed(action) && !seen(action))
        .map(String::as_str)
        .collect();
    let note = || {
        let (actions, usual) = (some_of(&others), usual.join(", "));
        format!("the mapping says nothing of the actions: {actions} (taken as {usual})")
    };
    (!usual.is_empty() && !others.is_empty()).then(note)
}

fn some_of(names: &[&str]) -> String {
    let listed = names[..names.len().min(LISTED)].join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

/// Values that maps did not know, by map and value, the most frequent ones first.
pub(super) fn of_unmapped(values: &BTreeMap<(String, String), u64>) -> Vec<String> {
    let mut maps: BTreeMap<&str, Vec<(&str, u64)>> = BTreeMap::new();
    for ((map, value), &n) in values {
        maps.entry(map).or_default().push((value, n));
    }
    let mut notes = Vec::new();
    for (map, mut values) in maps {
        values.sort_by_key(|&(_, n)| std::cmp::Reverse(n));
        let times = |n: u64| {
            if n == 1 {
                "once".to_owned()
            } else {
                format!("{n} times")
            }
        };
        notes.extend(
            values
                .iter()
                .take(LISTED)
                .map(|(value, n)| format!("[map.{map}] does not know \"{value}\": kept as it is ({})", times(*n))),
        );
        let others: u64 = values.iter().skip(LISTED).map(|(_, n)| n).sum();
        if others > 0 {
            let more = values.len() - LISTED;
            notes.push(format!(
                "[map.{map}] does not know {more} more values: kept as they are ({})",
                times(others)
            ));
        }
    }
    notes
}
