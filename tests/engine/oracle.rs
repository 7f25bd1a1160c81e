//! What a rule means, worked out slowly: from its windows, each by itself, to what is asked.
//!
//! Shares no code with the engine; written from the documentation's sentences.

use std::cmp::Reverse;

use easyscale::engine::{Adjusted, Base};

use crate::model::{Rule, Sets};
use crate::spans::{Span, spans};

/// Who asks for how much, and what was done to the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) value: u32,
    /// A window's name; `None`: the rule's `default`.
    pub(crate) setter: Option<String>,
    pub(crate) adjusted: Option<Adjusted>,
}

/// What is asked of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) floor: Option<Want>,
    pub(crate) ceiling: Option<Want>,
    pub(crate) replicas: Option<Want>,
}

/// How much of a window there is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Extent {
    None,
    Whole,
    /// On the way, and perhaps still on the way back from the time before.
    Moving(Vec<Move>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    /// For so many seconds.
    Opening(i64),
    /// For so many seconds.
    Closing(i64),
}

/// One bound as far as it goes by itself. The setter is an index into the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    value: u32,
    setter: Option<usize>,
    adjusted: Option<Adjusted>,
    sleep: bool,
}

/// A rule, laid out over a stretch of time.
pub(crate) struct Oracle<'m> {
    rule: &'m Rule,
    spans: Vec<Vec<Span>>,
}

impl<'m> Oracle<'m> {
    /// Answers for instants in `[from, until)`.
    pub(crate) fn new(rule: &'m Rule, from: i64, until: i64) -> Self {
        let spans = rule
            .windows
            .iter()
            .map(|window| spans(window, from, until))
            .collect();
        Self { rule, spans }
    }

    /// What is asked at an instant.
    pub(crate) fn at(&self, base: Base, at: i64) -> Asked {
        let (floor, ceiling) = self.held(base, at);
        self.settle(base, floor, ceiling)
    }

    /// From when on what is asked, over `[from, until)`: neighbours differ.
    pub(crate) fn segments(&self, base: Base, from: i64, until: i64) -> Vec<(i64, Asked)> {
        let mut segments: Vec<(i64, Asked)> = Vec::new();
        for at in self.steps(base, from, until) {
            let asked = self.at(base, at);
            if segments.last().is_none_or(|(_, last)| *last != asked) {
                segments.push((at, asked));
            }
        }
        segments
    }

    /// Instants between which nothing happens.
    fn steps(&self, base: Base, from: i64, until: i64) -> Vec<i64> {
        let mut marks = vec![from, until];
        for (window, spans) in self.rule.windows.iter().zip(&self.spans) {
            for span in spans {
                for mark in [span.opens, span.ends] {
                    marks.extend([mark, mark + i64::from(window.ramp)]);
                }
            }
        }
        marks.retain(|mark| (from..=until).contains(mark));
        marks.sort_unstable();
        marks.dedup();
        let mut steps = Vec::new();
        for pair in marks.windows(2) {
            let (start, end) = (pair[0], pair[1]);
            let extents = (0..self.rule.windows.len()).map(|index| self.extent(index, start));
            let moves = extents.map(|extent| match extent {
                Extent::Moving(moves) => moves.len(),
                Extent::None | Extent::Whole => 0,
            });
            match moves.sum::<usize>() {
                0 => steps.push(start),
                // Each bound goes one way.
                1 => self.bisect(base, start, end, &mut steps),
                _ => steps.extend(start..end),
            }
        }
        steps
    }

    fn bisect(&self, base: Base, start: i64, end: i64, steps: &mut Vec<i64>) {
        if end - start == 1 || self.held(base, start) == self.held(base, end - 1) {
            return steps.push(start);
        }
        let middle = start.midpoint(end);
        self.bisect(base, start, middle, steps);
        self.bisect(base, middle, end, steps);
    }

    fn extent(&self, index: usize, at: i64) -> Extent {
        let window = &self.rule.windows[index];
        let ramp = i64::from(window.ramp);
        if window.suspended {
            return Extent::None;
        }
        let spans = &self.spans[index];
        let mut moves = Vec::new();
        for span in &spans[spans.partition_point(|span| span.ends + ramp <= at)..] {
            if at < span.opens {
                break;
            } else if at >= span.ends {
                moves.push(Move::Closing(at - span.ends));
            } else if at < span.opens + ramp {
                moves.push(Move::Opening(at - span.opens));
            } else {
                return Extent::Whole;
            }
        }
        if moves.is_empty() {
            Extent::None
        } else {
            Extent::Moving(moves)
        }
    }

    /// Floor and ceiling, each by itself.
    fn held(&self, base: Base, at: i64) -> (Option<Held>, Option<Held>) {
        match base {
            Base::Autoscaler { floor, ceiling } => (
                self.bound(Sets::floor, floor, at),
                self.bound(Sets::ceiling, ceiling, at),
            ),
            Base::Scale(scale) => {
                let floor = self.bound(Sets::floor, scale, at);
                // What would run without a ceiling is what a ceiling begins to lower.
                let runs = floor.map(|floor| floor.value).or(scale);
                (floor, self.bound(Sets::ceiling, runs, at))
            }
        }
    }

    /// From what holds outside windows to what each window makes of it, the strongest last.
    fn bound(&self, of: fn(Sets) -> Option<u32>, original: Option<u32>, at: i64) -> Option<Held> {
        let default = self.rule.default;
        let mut held = of(default).map(|value| self.clamped(value, None, default.is_sleep()));
        let mut strength: Vec<(i32, u32, Reverse<&str>, usize)> = Vec::new();
        for (index, window) in self.rule.windows.iter().enumerate() {
            if let Some(value) = of(window.sets) {
                strength.push((window.priority, value, Reverse(&window.name), index));
            }
        }
        strength.sort_unstable();
        for (_, asked, _, index) in strength {
            let window = &self.rule.windows[index];
            let whole = self.clamped(asked, Some(index), window.sets.is_sleep());
            let moves = match self.extent(index, at) {
                Extent::None => continue,
                Extent::Whole => {
                    held = Some(whole);
                    continue;
                }
                Extent::Moving(moves) => moves,
            };
            // From where to ramp is not known without the original.
            let Some(below) = held.map(|held| held.value).or(original) else {
                continue;
            };
            let part = |from: u32, to: u32, elapsed: i64| {
                let change = (i64::from(to) - i64::from(from)) * elapsed / i64::from(window.ramp);
                u32::try_from(i64::from(from) + change).unwrap()
            };
            let values = moves.into_iter().map(|moving| match moving {
                Move::Opening(elapsed) => part(below, whole.value, elapsed),
                Move::Closing(elapsed) => part(whole.value, below, elapsed),
            });
            let nearest = values.min_by_key(|value| value.abs_diff(whole.value));
            let value = nearest.unwrap_or(below);
            if value != below {
                held = Some(Held {
                    value,
                    adjusted: Some(Adjusted::Ramping),
                    sleep: whole.sleep && value == 0,
                    ..whole
                });
            }
        }
        held
    }

    fn clamped(&self, asked: u32, setter: Option<usize>, sleep: bool) -> Held {
        let (min, max) = self.rule.limits;
        let value = match sleep {
            true => asked,
            false => asked.max(min.unwrap_or(0)).min(max.unwrap_or(u32::MAX)),
        };
        Held {
            value,
            setter,
            adjusted: (value != asked).then_some(Adjusted::ByLimits),
            sleep,
        }
    }

    /// What floor and ceiling mean together.
    fn settle(&self, base: Base, floor: Option<Held>, ceiling: Option<Held>) -> Asked {
        let want = |held: Held| Want {
            value: held.value,
            setter: held.setter.map(|index| self.rule.windows[index].name.clone()),
            adjusted: held.adjusted,
        };
        let mut asked = Asked::default();
        if let Some(floor) = floor.filter(|floor| floor.sleep) {
            asked.replicas = Some(want(floor));
            return asked;
        }
        let rank = |held: Option<Held>| Some(self.rule.windows[held?.setter?].priority);
        let ceiling_stays = rank(ceiling) > rank(floor);
        let moved = |to: Held, adjusted| Want {
            adjusted: Some(adjusted),
            ..want(to)
        };
        match base {
            Base::Autoscaler {
                floor: original_floor,
                ceiling: original_ceiling,
            } => {
                asked.floor = floor.map(want);
                asked.ceiling = ceiling.map(want);
                let lower = floor.map(|floor| floor.value).or(original_floor);
                let upper = ceiling.map(|ceiling| ceiling.value).or(original_ceiling);
                if let (Some(lower), Some(upper)) = (lower, upper)
                    && lower > upper
                {
                    match (floor, ceiling) {
                        (None, None) => {}
                        (_, Some(ceiling)) if ceiling_stays => {
                            asked.floor = Some(moved(ceiling, Adjusted::ToCeiling));
                        }
                        (Some(floor), _) => asked.ceiling = Some(moved(floor, Adjusted::ToFloor)),
                        (None, Some(ceiling)) => {
                            asked.ceiling = Some(Want {
                                value: lower,
                                ..moved(ceiling, Adjusted::ToFloor)
                            });
                        }
                    }
                }
            }
            Base::Scale(original) => {
                asked.replicas = match (floor, ceiling, original) {
                    (Some(floor), Some(ceiling), _) if floor.value > ceiling.value && ceiling_stays => {
                        Some(moved(ceiling, Adjusted::ToCeiling))
                    }
                    (Some(floor), ..) => Some(want(floor)),
                    (None, Some(ceiling), Some(original)) => Some(Want {
                        value: original.min(ceiling.value),
                        ..moved(ceiling, Adjusted::CeilingAsScale)
                    }),
                    _ => None,
                };
            }
        }
        asked
    }
}
