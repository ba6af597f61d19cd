use crate::{SuperviseError, Unit};
use std::collections::HashMap;

/// Who needs whom, by position. There are no cycles.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub needs: Vec<Vec<usize>>,
}

impl Graph {
    /// # Errors
    /// Names that cannot be, or are there twice; needs that are no units; cycles, which are named.
    pub fn of(units: &[Unit]) -> Result<Self, SuperviseError> {
        let mut positions = HashMap::new();
        for (position, unit) in units.iter().enumerate() {
            check(unit)?;
            if positions.insert(unit.name.as_str(), position).is_some() {
                return Err(SuperviseError::Twice { name: unit.name.clone() });
            }
        }
        let find = |unit: &Unit, need: &String| {
            positions.get(need.as_str()).copied().ok_or_else(|| SuperviseError::UnknownNeed {
                unit: unit.name.clone(),
                need: need.clone(),
            })
        };
        let needs = |unit: &Unit| unit.needs.iter().map(|need| find(unit, need)).collect();
        let needs = units.iter().map(needs).collect::<Result<Vec<Vec<usize>>, _>>()?;
        match cycle(&needs) {
            None => Ok(Self { needs }),
            Some(path) => {
                let path = path.into_iter().map(|at| units[at].name.clone()).collect();
                Err(SuperviseError::Cycle { path })
            }
        }
    }
}

fn check(unit: &Unit) -> Result<(), SuperviseError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = unit.name.as_str();
    if name.is_empty() || name.starts_with('.') || !name.chars().all(allowed) {
        return Err(SuperviseError::Name { name: name.to_owned() });
    }
    if unit.command.is_empty() {
        return Err(SuperviseError::NoCommand { name: name.to_owned() });
    }
    Ok(())
}

/// A way along the needs that comes back to where it began.
fn cycle(needs: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut done = vec![false; needs.len()];
    for start in 0..needs.len() {
        let mut path = vec![(start, 0)];
        while let Some((unit, next)) = path.last_mut() {
            let need = if done[*unit] { None } else { needs[*unit].get(*next) };
            let Some(need) = need else {
                done[*unit] = true;
                path.pop();
                continue;
            };
            *next += 1;
            if let Some(begin) = path.iter().position(|(unit, _)| unit == need) {
                let circle = path[begin..].iter().map(|(unit, _)| *unit);
                return Some(circle.chain([*need]).collect());
            }
            path.push((*need, 0));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::Graph;
    use crate::Unit;

    fn error(units: &[(&str, &[&str])]) -> String {
        let unit = |(name, needs): &(&str, &[&str])| {
            let mut unit = Unit::new(*name, vec!["true".into()], "/dev/null");
            unit.needs = needs.iter().map(|need| (*need).to_owned()).collect();
            unit
        };
        let units: Vec<Unit> = units.iter().map(unit).collect();
        Graph::of(&units).map_or_else(|e| e.to_string(), |_| "fine".to_owned())
    }

    #[test]
    fn a_cycle_is_named() {
        let diamond: &[(&str, &[&str])] =
            &[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[])];
        assert_eq!(error(diamond), "fine");
        let circle: &[(&str, &[&str])] =
            &[("x", &["a"]), ("a", &["b"]), ("b", &["c"]), ("c", &["a"])];
        assert!(error(circle).starts_with("the units need each other: a > b > c > a;"));
        assert!(error(&[("a", &["a"])]).contains("a > a"));
    }

    #[test]
    fn other_mistakes() {
        assert!(error(&[("a", &["nix"])]).contains("needs 'nix'"));
        assert!(error(&[("a", &[]), ("a", &[])]).contains("two units named 'a'"));
        assert!(error(&[("../a", &[])]).contains("no name"));
    }
}
