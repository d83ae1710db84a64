//! Of the library a program takes what it names, and what that needs in turn: a config that nothing reads is asked of
//! nobody, and a flow that nobody calls is none of the program's.
//!
//! Words are taken from the text alone, of comments and texts too: to take too much is harmless.

use super::{Module, ModuleId, Use};
use flowmesh_diagnostics::Sources;
use std::collections::{HashMap, HashSet};

/// The words that lead into modules of the library.
pub(super) struct Needed<'s> {
    /// By module; nothing where all of it is taken.
    modules: Vec<Option<HashSet<&'s str>>>,
}

impl<'s> Needed<'s> {
    /// Looks at what is used, from the modules of the author on.
    pub(super) fn new(modules: &[Module], sources: &'s Sources) -> Self {
        let is_limited = |(at, module): (usize, &Module)| at > 0 && module.is_library();
        let items = |module: (usize, &Module)| match is_limited(module) {
            true => items(module.1, sources),
            false => HashMap::new(),
        };
        let mut search = Search {
            modules,
            sources,
            items: modules.iter().enumerate().map(items).collect(),
            found: modules
                .iter()
                .enumerate()
                .map(|module| is_limited(module).then(HashSet::new))
                .collect(),
            open: Vec::new(),
        };
        for (at, module) in modules.iter().enumerate() {
            if search.found.get(at).is_some_and(Option::is_none) {
                module.uses.iter().for_each(|used| search.follow(at, used));
            }
        }
        search.all();
        Self {
            modules: search.found,
        }
    }

    /// Whether a name of a module is mentioned where it counts.
    pub(super) fn has(&self, module: ModuleId, name: &str) -> bool {
        match self.modules.get(module.0 as usize) {
            Some(Some(words)) => words.contains(name),
            _ => true,
        }
    }
}

struct Search<'m, 's> {
    modules: &'m [Module],
    sources: &'s Sources,
    /// The text of each item by its name, by module; of those of which all is taken nothing.
    items: Vec<HashMap<&'s str, &'s str>>,
    found: Vec<Option<HashSet<&'s str>>>,
    open: Vec<(usize, &'s str)>,
}

impl<'s> Search<'_, 's> {
    fn all(&mut self) {
        while let Some((at, word)) = self.open.pop() {
            let text = self.items.get(at).and_then(|items| items.get(word)).copied();
            words(text.unwrap_or_default()).for_each(|word| self.mention(at, word));
            let modules = self.modules;
            let uses = modules.get(at).into_iter().flat_map(|module| &module.uses);
            uses.filter(|used| used.name.text == word)
                .for_each(|used| self.follow(at, used));
        }
    }

    fn mention(&mut self, at: usize, word: &'s str) {
        let new = |words: &mut HashSet<&'s str>| words.insert(word);
        if self.found.get_mut(at).and_then(Option::as_mut).is_some_and(new) {
            self.open.push((at, word));
        }
    }

    /// What a `use` leads to: one item, or all that the whole text mentions of a module.
    fn follow(&mut self, from: usize, used: &Use) {
        let to = used.module.0 as usize;
        if !self.found.get(to).is_some_and(Option::is_some) {
            // All of it is taken.
            return;
        }
        let known = self
            .items
            .get(to)
            .and_then(|items| items.get_key_value(used.name.text.as_str()));
        let named: Vec<&'s str> = match known {
            Some((name, _)) if used.item => vec![name],
            // The help names what there is.
            None if used.item => self
                .items
                .get(to)
                .into_iter()
                .flat_map(HashMap::keys)
                .copied()
                .collect(),
            _ => self
                .modules
                .get(from)
                .map(|module| words(text(module, self.sources)).collect())
                .unwrap_or_default(),
        };
        named.into_iter().for_each(|word| self.mention(to, word));
    }
}

fn items<'s>(module: &Module, sources: &'s Sources) -> HashMap<&'s str, &'s str> {
    let source = sources.get(module.source);
    let part = |span| source.map_or("", |source| source.slice(span));
    let items = module.ast.items.iter();
    items
        .filter_map(|item| Some((part(super::scope::name(item)?.span), part(item.span))))
        .collect()
}

fn text<'s>(module: &Module, sources: &'s Sources) -> &'s str {
    sources.get(module.source).map_or("", |source| &source.text)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::{World, compile};
    use flowmesh_diagnostics::{Diagnostics, Sources};
    use flowmesh_ir::Program;

    struct One(&'static str);

    impl World for One {
        fn read(&self, path: &str) -> Result<String, String> {
            (path == "one.flow")
                .then(|| self.0.to_owned())
                .ok_or_else(String::new)
        }
    }

    fn program(text: &'static str) -> Program {
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let made = compile(&One(text), "one.flow", &mut sources, &mut found);
        assert!(found.sorted().is_empty(), "{:?}", found.sorted());
        made.expect("a program")
    }

    fn names(program: &Program) -> (Vec<&str>, Vec<&str>) {
        let configs = program.configs.iter().map(|config| config.name.as_str());
        let flows = program.flows.iter().map(|flow| flow.name.as_str());
        (configs.collect(), flows.collect())
    }

    #[test]
    fn a_type_of_the_library_brings_no_config_and_no_flow_along() {
        let program = program("use std.notify.Severity\nflow calm() -> Severity { return Severity.info }");
        assert_eq!(names(&program), (vec![], vec!["calm"]));
    }

    #[test]
    fn a_flow_of_the_library_brings_what_it_needs() {
        let program = program(
            "use std.notify\nflow tell(n: notify.Notice) {\n  notify.broadcast(notify.webhooks.post, n, [\"chat\"]) catch any -> log \"no\"\n}",
        );
        let (configs, flows) = names(&program);
        assert_eq!(configs, ["notify_url"]);
        assert!(flows.contains(&"broadcast.webhooks.post"), "{flows:?}");
        assert_eq!(program.services.len(), 1);
    }
}
