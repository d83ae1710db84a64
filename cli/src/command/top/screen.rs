//! The terminal while it is watched: taken, drawn on, read from, and given back as it was.

use super::frame::Size;
use crate::error::Error;
use crossterm::{
    cursor,
    event::{self, Event, KeyCode, KeyEventKind, KeyModifiers},
    execute, queue,
    style::Print,
    terminal::{self, Clear, ClearType},
};
use std::{
    io::{self, Write},
    path::Path,
    thread,
    time::Duration,
};
use tokio::sync::mpsc;

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Leave,
    Hold,
    Next,
    Before,
    Resized,
}

/// A terminal that is given back when this goes.
pub(super) struct Screen {
    keys: mpsc::Receiver<Key>,
}

impl Screen {
    pub(super) fn begin() -> Result<Self, Error> {
        terminal::enable_raw_mode().map_err(|why| failed(&why))?;
        let (send, keys) = mpsc::channel(16);
        let screen = Self { keys };
        execute!(io::stdout(), terminal::EnterAlternateScreen, cursor::Hide).map_err(|why| failed(&why))?;
        thread::spawn(move || read(&send));
        Ok(screen)
    }

    pub(super) fn size(&self) -> Size {
        let (columns, rows) = terminal::size().unwrap_or((80, 24));
        Size {
            columns: usize::from(columns),
            rows: Some(usize::from(rows)),
            colours: std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty()),
        }
    }

    /// Draws over what was there, without a moment in which there is nothing.
    pub(super) fn show(&mut self, lines: &[String]) -> Result<(), Error> {
        let mut out = io::stdout().lock();
        let draw = |out: &mut io::StdoutLock<'_>| -> io::Result<()> {
            for (row, line) in (0u16..).zip(lines) {
                queue!(
                    out,
                    cursor::MoveTo(0, row),
                    Print(line),
                    Clear(ClearType::UntilNewLine)
                )?;
            }
            queue!(out, Clear(ClearType::FromCursorDown))?;
            out.flush()
        };
        draw(&mut out).map_err(|why| failed(&why))
    }

    pub(super) async fn key(&mut self) -> Key {
        self.keys.recv().await.unwrap_or(Key::Leave)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = execute!(io::stdout(), cursor::Show, terminal::LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

/// Reads keys until nobody wants them any more.
fn read(keys: &mpsc::Sender<Key>) {
    while !keys.is_closed() {
        match event::poll(Duration::from_millis(200)) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(_) => return,
        }
        let Ok(event) = event::read() else { return };
        if let Some(key) = meant(&event)
            && keys.blocking_send(key).is_err()
        {
            return;
        }
    }
}

fn meant(event: &Event) -> Option<Key> {
    let Event::Key(key) = event else {
        return matches!(event, Event::Resize(..)).then_some(Key::Resized);
    };
    if key.kind == KeyEventKind::Release {
        return None;
    }
    match key.code {
        KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Key::Leave),
        KeyCode::Char('q') | KeyCode::Esc => Some(Key::Leave),
        KeyCode::Char(' ') => Some(Key::Hold),
        KeyCode::Char('s') | KeyCode::Tab => Some(Key::Next),
        KeyCode::Char('S') | KeyCode::BackTab => Some(Key::Before),
        _ => None,
    }
}

fn failed(why: &io::Error) -> Error {
    Error::unwritable(Path::new("the terminal"), why)
}
