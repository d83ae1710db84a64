//! Where the parts of a machine's data come from: of what it was given, of what tasks gave, or of neither.

use crate::{
    json::Step,
    uses::{Part, Use, Uses},
};
use std::collections::{BTreeMap, BTreeSet};

/// The longest way into a source that is followed, and the most of them that a value may be.
const MAX_PATH: usize = 8;
const MAX_FROM: usize = 32;
/// How deep parts are put into each other.
const MAX_DEPTH: usize = 12;

/// The number of a source: the input, or the result of an operation.
pub(super) type Source = usize;

/// What is known of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The parts of sources that it may be.
    from: BTreeSet<(Source, Vec<Part>)>,
    /// Fields that were put into it.
    fields: BTreeMap<String, Shape>,
    /// The elements of a list that was made, one by one.
    list: Vec<Shape>,
    /// What the elements of a list are that was made by rounds.
    items: Option<Box<Shape>>,
}

impl Shape {
    /// A whole source.
    pub(super) fn source(source: Source) -> Self {
        Self {
            from: [(source, Vec::new())].into(),
            ..Self::default()
        }
    }

    /// A list of these elements.
    pub(super) fn list(list: Vec<Self>) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }

    /// A list whose elements are so.
    pub(super) fn items(each: Self) -> Self {
        Self {
            items: Some(Box::new(each)),
            ..Self::default()
        }
    }

    /// An object with these fields.
    pub(super) fn object(fields: impl IntoIterator<Item = (String, Self)>) -> Self {
        Self {
            fields: fields.into_iter().collect(),
            ..Self::default()
        }
    }

    /// A part of it.
    pub(super) fn read(&self, steps: &[Step]) -> Self {
        let Some((first, rest)) = steps.split_first() else {
            return self.clone();
        };
        match first {
            Step::Field(name) => self.field(name).read(rest),
            Step::Each => Self::items(self.element().read(rest)),
            Step::Index(at) => {
                let own = usize::try_from(*at).ok().and_then(|at| self.list.get(at));
                match own {
                    Some(own) => own.read(rest),
                    None => self.element().read(rest),
                }
            }
        }
    }

    fn field(&self, name: &str) -> Self {
        match self.fields.get(name) {
            Some(own) => own.clone(),
            None => self.deeper(&Part::Field(name.to_owned())),
        }
    }

    /// Any element of it.
    pub(super) fn element(&self) -> Self {
        let mut all = self.deeper(&Part::Element);
        let made = self.list.iter().chain(self.items.as_deref());
        for one in made {
            all.join(one);
        }
        all
    }

    fn deeper(&self, part: &Part) -> Self {
        let short = self.from.iter().filter(|(_, path)| path.len() < MAX_PATH);
        let longer = short.map(|(source, path)| {
            let mut path = path.clone();
            path.push(part.clone());
            (*source, path)
        });
        Self {
            from: longer.collect(),
            ..Self::default()
        }
    }

    /// The value with another one at a path; nothing where it is no path of fields.
    pub(super) fn with(mut self, steps: &[Step], value: Self) -> Option<Self> {
        let Some((first, rest)) = steps.split_first() else {
            return Some(value);
        };
        let Step::Field(name) = first else { return None };
        let inner = self.field(name).with(rest, value)?;
        self.fields.insert(name.clone(), inner);
        Some(self)
    }

    /// It may be the other one, too; whether anything is new.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let before = self.clone();
        let names: BTreeSet<String> = self.fields.keys().chain(other.fields.keys()).cloned().collect();
        let fields = names.into_iter().map(|name| {
            let mut all = self.field(&name);
            all.join(&other.field(&name));
            (name, all)
        });
        self.fields = fields.collect();
        if self.list.len() == other.list.len() {
            for (own, other) in self.list.iter_mut().zip(&other.list) {
                own.join(other);
            }
        } else {
            let mut each = Self::default();
            self.list.iter().chain(&other.list).for_each(|one| {
                each.join(one);
            });
            self.list.clear();
            self.items.get_or_insert_default().join(&each);
        }
        if let Some(each) = &other.items {
            self.items.get_or_insert_default().join(each);
        }
        self.from.extend(other.from.iter().cloned());
        *self != before
    }

    /// Whether it is too much to follow.
    pub(super) fn is_too_much(&self) -> bool {
        self.too_much(MAX_DEPTH)
    }

    fn too_much(&self, deeper: usize) -> bool {
        let parts = self
            .fields
            .values()
            .chain(&self.list)
            .chain(self.items.as_deref());
        let mut parts = parts.peekable();
        (deeper == 0 && parts.peek().is_some())
            || self.from.len() > MAX_FROM
            || parts.any(|part| part.too_much(deeper.saturating_sub(1)))
    }

    /// One more use of whatever it is; what is handed on is so with all that is in it.
    pub(super) fn note(&self, sources: &mut [Uses], kind: Use, always: bool) {
        let always = always && self.from.len() == 1;
        for (source, path) in &self.from {
            if let Some(uses) = sources.get_mut(*source) {
                // Whether a part of what a task gave is read depends on whether it came so far.
                uses.note(path, kind, always && *source == super::INPUT);
            }
        }
        if kind == Use::Handed {
            let parts = self
                .fields
                .values()
                .chain(&self.list)
                .chain(self.items.as_deref());
            parts.for_each(|part| part.note(sources, kind, false));
        }
    }

    /// The one part of a source that it is.
    pub(super) fn only(&self) -> Option<(Source, &[Part])> {
        let made = !self.fields.is_empty() || !self.list.is_empty() || self.items.is_some();
        match self.from.first() {
            Some((source, path)) if self.from.len() == 1 && !made => Some((*source, path)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use crate::{json::Step, uses::Part};

    fn fields(text: &str) -> Vec<Step> {
        text.split('.').map(|name| Step::Field(name.to_owned())).collect()
    }

    #[test]
    fn what_was_put_in_is_not_of_the_source() {
        let data = Shape::source(0)
            .with(&fields("a.b"), Shape::source(1))
            .expect("a path of fields");
        assert_eq!(data.read(&fields("a.b.c")), Shape::source(1).read(&fields("c")));
        let rest = data.read(&fields("a.d"));
        let path = [Part::Field("a".to_owned()), Part::Field("d".to_owned())];
        assert_eq!(rest.only(), Some((0, path.as_slice())));
    }

    #[test]
    fn where_ways_meet_a_value_may_be_of_either() {
        let mut data = Shape::source(0);
        let other = Shape::source(0)
            .with(&fields("a"), Shape::source(1))
            .expect("a path of fields");
        assert!(data.join(&other));
        assert!(!data.join(&other));
        assert_eq!(data.read(&fields("a")).from.len(), 2);
        assert_eq!(data.read(&fields("b")).from.len(), 1);
    }

    #[test]
    fn elements_are_told_apart_by_their_numbers() {
        let data = Shape::list(vec![Shape::source(1), Shape::source(2)]);
        assert_eq!(data.read(&[Step::Index(1)]), Shape::source(2));
        assert_eq!(data.element().from.len(), 2);
    }
}
