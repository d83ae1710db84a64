//! Which states of a flow are reached: what nobody jumps to, and nothing goes on to, is not written.

/// A state as it is written: its label, its statements, and whether they always leave it.
#[derive(Debug)]
pub(crate) struct Labelled {
    pub(crate) label: String,
    pub(crate) body: String,
    pub(crate) leaves: bool,
}

/// Whether each state is reached from the first.
pub(crate) fn reached(all: &[Labelled]) -> Vec<bool> {
    let mut reached = vec![false; all.len()];
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        let (Some(known), Some(state)) = (reached.get_mut(at), all.get(at)) else {
            continue;
        };
        if std::mem::replace(known, true) {
            continue;
        }
        if !state.leaves {
            open.push(at + 1);
        }
        let jumps = state
            .body
            .lines()
            .filter_map(|line| line.trim().strip_prefix("goto "));
        open.extend(jumps.filter_map(|label| all.iter().position(|it| it.label == label)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::{Labelled, reached};

    #[test]
    fn states_are_reached_by_jumps_and_by_going_on() {
        let state = |label: &str, body: &str, leaves| Labelled {
            label: label.to_owned(),
            body: body.to_owned(),
            leaves,
        };
        let all = [
            state("a", "goto c\n", true),
            state("b", "", false),
            state("c", "", false),
            state("d", "", true),
        ];
        assert_eq!(reached(&all), [true, false, true, true]);
        assert_eq!(reached(&[]), Vec::<bool>::new());
    }
}
