//! Which functions runs of a guest call.

use wasmtime::{bail, Result};

use crate::functions::Functions;

/// The functions that one run called, in the order of their first calls.
#[derive(Default)]
pub struct Calls {
    seen: Vec<bool>,
    order: Vec<u32>,
}

impl Calls {
    pub fn add(&mut self, function: u32) {
        let at = function as usize;
        if self.seen.len() <= at {
            self.seen.resize(at + 1, false);
        }
        if !self.seen[at] {
            self.seen[at] = true;
            self.order.push(function);
        }
    }

    fn has(&self, function: u32) -> bool {
        self.seen.get(function as usize).copied().unwrap_or(false)
    }
}

/// A name a line: what all runs call first, then what fewer do; what as many call in the order in which the runs, one
/// after the other, call it first.
pub fn names(runs: &[Calls], functions: &Functions) -> Result<String> {
    let mut together = Calls::default();
    runs.iter().flat_map(|run| &run.order).for_each(|&function| together.add(function));
    let mut order = together.order;
    order.sort_by_key(|&function| runs.iter().filter(|run| !run.has(function)).count()); // stable
    let mut lines = String::new();
    for function in order {
        let Some(name) = functions.name(function) else { bail!("function {function} has no name") };
        lines.push_str(name);
        lines.push('\n');
    }
    Ok(lines)
}
