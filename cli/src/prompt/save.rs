//! The session as a test: shown, or written to a file.

use super::{Talk, misused, paint, stage::No};
use crate::{draw, error::Error, output, project::words};
use std::{fs, io::ErrorKind, path::Path};

/// The title of a test, and the file that it goes to. What stands behind another `to` is a part of the title.
fn wanted(text: &str) -> (&str, Option<&Path>) {
    let Some(rest) = text.strip_prefix("test").map(str::trim) else {
        return ("", None);
    };
    let (title, file) = match rest.rsplit_once(" to ") {
        Some((title, file)) if file.ends_with(".flow") => (title, Some(Path::new(file.trim()))),
        _ => (rest, None),
    };
    (title.trim().trim_matches('"'), file)
}

impl Talk<'_> {
    /// `:save test a declined card is told to shop.flow`
    pub(super) fn save(&mut self, text: &str) -> Result<(), No> {
        let usage = "write `:save test TITLE`, or `:save test TITLE to FILE.flow`";
        let (title, file) = wanted(text);
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

#[cfg(test)]
mod tests {
    use super::wanted;
    use std::path::Path;

    #[test]
    fn a_title_may_say_to_whom_and_a_file_is_one_of_the_language() {
        let file = Some(Path::new("shop.flow"));
        assert_eq!(wanted("test it is paid to shop.flow"), ("it is paid", file));
        assert_eq!(wanted("test money goes to Ada"), ("money goes to Ada", None));
        assert_eq!(wanted("test \"to be\" to shop.flow"), ("to be", file));
        assert_eq!(wanted("shop.flow"), ("", None));
    }
}
