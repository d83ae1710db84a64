//! The session as a test: shown, or written to a file.

use super::{Talk, misused, paint, stage::No};
use crate::{draw, error::Error, output, project::words};
use std::{fs, io::ErrorKind, path::Path};

impl Talk<'_> {
    /// `:save test a declined card is told to shop.flow`
    pub(super) fn save(&mut self, text: &str) -> Result<(), No> {
        let usage = "write `:save test TITLE`, or `:save test TITLE to FILE`";
        let rest = text.strip_prefix("test").map(str::trim);
        let (title, file) = match rest.map(|rest| rest.rsplit_once(" to ")) {
            Some(Some((title, file))) => (title, Some(Path::new(file.trim()))),
            Some(None) => (rest.unwrap_or_default(), None),
            None => ("", None),
        };
        let title = title.trim().trim_matches('"');
        if title.is_empty() {
            return Err(misused(&format!(":save {text}"), "a test needs a title", usage));
        }
        if self.stage.session.lines().is_empty() {
            return Err(misused(
                &format!(":save {text}"),
                "nothing was said that a test could consist of",
                "start a flow with `let run = start FLOW(...)` first",
            ));
        }
        let test = self.stage.session.test(title, &self.expected());
        match file {
            None => self.show(&paint::code(&test)),
            Some(file) => {
                self.write(&test, file)?;
                draw::say(format!("the test is in {}", file.display()));
            }
        }
        Ok(())
    }

    /// That the runs stand as they do, where nothing was expected.
    fn expected(&self) -> Vec<String> {
        let Some(scene) = self
            .stage
            .scene
            .as_ref()
            .filter(|_| !self.stage.session.expects())
        else {
            return Vec::new();
        };
        let runs = self.stage.bound.iter().filter(|bound| bound.run.is_some());
        let expect = |bound: &flowmesh_frontend::prompt::Bound| {
            let number = scene.number(scene.slots.get(bound.slot.index())?)?;
            Some(format!("expect {} is {}", bound.name, scene.look(number)?.status))
        };
        runs.filter_map(expect).collect()
    }

    /// Behind what is in the file; a new one has the declarations too.
    fn write(&self, test: &str, file: &Path) -> Result<(), Error> {
        let before = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(why) if why.kind() == ErrorKind::NotFound => {
                let text = self.stage.session.text();
                flowmesh_frontend::format::format(&text).unwrap_or(text)
            }
            Err(why) => return Err(Error::unreadable(file, &words(&why))),
        };
        let before = before.trim_end();
        let gap = if before.is_empty() { "" } else { "\n\n" };
        output::write(file, &format!("{before}{gap}{test}"))
    }
}
