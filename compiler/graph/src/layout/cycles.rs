//! Which edges lead back, as a walk over the graph meets them in the order of the program.

/// For each edge whether it is turned around. What is left has no circle.
pub(super) fn back(nodes: usize, edges: &[(usize, usize)]) -> Vec<bool> {
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    let mut back = vec![false; edges.len()];
    for (number, (from, _)) in edges.iter().enumerate() {
        if let Some(out) = out.get_mut(*from) {
            out.push(number);
        }
    }
    let mut state = vec![State::New; nodes];
    for root in 0..nodes {
        // A node with the edge that is next.
        let mut path = vec![(root, 0)];
        if state.get(root) != Some(&State::New) {
            continue;
        }
        mark(&mut state, root, State::Open);
        while let Some((at, next)) = path.last_mut() {
            let edge = out.get(*at).and_then(|out| out.get(*next)).copied();
            *next += 1;
            let Some(edge) = edge else {
                mark(&mut state, *at, State::Done);
                path.pop();
                continue;
            };
            let Some((_, to)) = edges.get(edge) else { continue };
            match state.get(*to) {
                Some(State::New) => {
                    mark(&mut state, *to, State::Open);
                    path.push((*to, 0));
                }
                Some(State::Open) => {
                    if let Some(back) = back.get_mut(edge) {
                        *back = true;
                    }
                }
                _ => {}
            }
        }
    }
    back
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// On the way from the root to where the walk is.
    Open,
    Done,
}

fn mark(states: &mut [State], at: usize, state: State) {
    if let Some(known) = states.get_mut(at) {
        *known = state;
    }
}

#[cfg(test)]
mod tests {
    use super::back;

    #[test]
    fn what_leads_back_to_where_the_walk_came_from_is_turned() {
        let edges = [(0, 1), (1, 2), (2, 0), (0, 2), (2, 2)];
        assert_eq!(back(3, &edges), [false, false, true, false, true]);
        assert_eq!(back(0, &[]), Vec::<bool>::new());
    }
}
