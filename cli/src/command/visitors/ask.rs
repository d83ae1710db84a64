//! Asking for a password: at a terminal without showing it, else from the standard input.

use crate::{draw, error::Error, exit::Exit};
use crossterm::{
    event::{Event, KeyCode, KeyEventKind, KeyModifiers, read},
    terminal::{disable_raw_mode, enable_raw_mode},
};
use flowmesh_ir::Code;
use std::io::{self, IsTerminal};

/// A password; of the standard input its first line.
pub(super) fn password() -> Result<String, Error> {
    if io::stdin().is_terminal() {
        draw::say("password (it is not shown):");
        return typed().map_err(|why| unheard(&why));
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(|why| unheard(&why))?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// What is typed up to the end of the line, while the terminal shows nothing of it.
fn typed() -> io::Result<String> {
    enable_raw_mode()?;
    let typed = keys();
    disable_raw_mode()?;
    typed
}

fn keys() -> io::Result<String> {
    let mut text = String::new();
    loop {
        let Event::Key(key) = read()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return Ok(text),
            KeyCode::Char('c' | 'd') if control => return Err(io::ErrorKind::Interrupted.into()),
            KeyCode::Char(c) => text.push(c),
            KeyCode::Backspace => drop(text.pop()),
            _ => {}
        }
    }
}

fn unheard(why: &io::Error) -> Error {
    Error::Below {
        code: Code(1148),
        message: format!("no password was heard: {why}"),
        help: Some("type it, or give it as the first line of the standard input".to_owned()),
        exit: Exit::Usage,
    }
}
