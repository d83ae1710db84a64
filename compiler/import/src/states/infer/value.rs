//! What templates, paths and functions read, and what comes of them.

use super::{Given, INPUT, Infer, Shape};
use crate::{
    node::{Node, Value},
    states::{intrinsic, path::steps},
    uses::Use,
};

/// How deep templates and functions stand in each other.
const MAX_DEPTH: u32 = 20;

impl Infer {
    /// What a template makes.
    pub(super) fn template(&mut self, node: &Node, base: &Given<'_>) -> Shape {
        self.filled(node, base, MAX_DEPTH)
    }

    fn filled(&mut self, node: &Node, base: &Given<'_>, deeper: u32) -> Shape {
        match &node.value {
            Value::Object(all) if deeper > 0 => {
                let mut fields = Vec::new();
                for (name, node) in all {
                    fields.push(match name.strip_suffix(".$") {
                        Some(name) => (
                            name.to_owned(),
                            self.computed(&node.text().unwrap_or_default(), base),
                        ),
                        None => (name.clone(), self.filled(node, base, deeper - 1)),
                    });
                }
                Shape::object(fields)
            }
            Value::List(all) if deeper > 0 => {
                let each = all.iter().map(|node| self.filled(node, base, deeper - 1));
                Shape::list(each.collect())
            }
            Value::Text(text) => {
                let inside = text.trim_start_matches("{%").trim_end_matches("%}").trim();
                let path = inside
                    .strip_prefix("$states.input")
                    .or_else(|| inside.strip_prefix("$states.result"));
                let path = path.filter(|_| text.starts_with("{%")).and_then(steps);
                path.map_or_else(Shape::default, |path| base.data.read(&path))
            }
            _ => Shape::default(),
        }
    }

    /// What a path or a function gives.
    pub(super) fn computed(&mut self, text: &str, base: &Given<'_>) -> Shape {
        self.argument(text, base, MAX_DEPTH)
    }

    fn argument(&mut self, text: &str, base: &Given<'_>, deeper: u32) -> Shape {
        if let Some(rest) = text.strip_prefix("$$") {
            return context(rest, base);
        }
        if let Some(rest) = text.strip_prefix('$') {
            return steps(rest).map_or_else(Shape::default, |path| base.data.read(&path));
        }
        match intrinsic::parts(text).filter(|_| deeper > 0) {
            Some((name, arguments)) => self.function(&name, &arguments, base, deeper - 1),
            None => Shape::default(),
        }
    }

    /// What a function asks of its arguments.
    fn function(&mut self, name: &str, arguments: &[String], base: &Given<'_>, deeper: u32) -> Shape {
        let shapes: Vec<Shape> = arguments
            .iter()
            .map(|it| self.argument(it, base, deeper))
            .collect();
        let kinds: &[Use] = match name {
            "States.Array" => return Shape::list(shapes),
            "States.StringToJson" | "States.Base64Encode" => &[Use::Text],
            "States.StringSplit" => &[Use::Text, Use::Text],
            "States.Hash" => &[Use::Text],
            "States.MathAdd" => &[Use::Number, Use::Number],
            "States.ArrayContains" | "States.ArrayUnique" => &[Use::List],
            "States.ArrayPartition" | "States.ArrayGetItem" => &[Use::List, Use::Int],
            _ => &[],
        };
        for (at, shape) in shapes.iter().enumerate() {
            match kinds.get(at) {
                Some(kind) => self.note(shape, *kind, base.always),
                None => self.note(shape, Use::Handed, false),
            }
            // The elements stay as they came.
            if kinds.get(at) == Some(&Use::List) {
                let each = shape.element();
                self.note(&each, Use::Handed, false);
            }
        }
        Shape::default()
    }
}

/// What is known of the run, as far as it is of the data.
fn context(path: &str, base: &Given<'_>) -> Shape {
    let item = path.strip_prefix(".Map.Item.Value");
    let item = item.and_then(|rest| Some(base.item?.read(&steps(rest)?)));
    let input = path.strip_prefix(".Execution.Input");
    let input = || input.and_then(|rest| Some(Shape::source(INPUT).read(&steps(rest)?)));
    item.or_else(input).unwrap_or_default()
}
