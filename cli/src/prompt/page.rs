//! Long output, a screen at a time; only where a person looks at a terminal.

use crate::draw;
use crossterm::{
    event::{Event, KeyCode, KeyEventKind, KeyModifiers, read},
    terminal,
};
use std::{
    env,
    io::Write,
    process::{Command, Stdio},
};

/// Shows a text. One that is longer than the screen goes through `PAGER`, or waits for a key after each screen.
pub(super) fn show(text: &str, person: bool) {
    let text = text.trim_end();
    let (columns, rows) = terminal::size().map_or((80, 24), |(columns, rows)| (columns.into(), rows.into()));
    let height: usize = text.lines().map(|line| height(line, columns)).sum();
    if !person || height < rows {
        return draw::answer(text);
    }
    match env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty()) {
        Some(pager) if through(&pager, text) => {}
        _ => by_keys(text, columns, rows),
    }
}

/// Whether another program has shown it.
fn through(pager: &str, text: &str) -> bool {
    let colours = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    let text = match colours {
        true => text.to_owned(),
        false => anstream::adapter::strip_str(text).to_string(),
    };
    let mut command = Command::new("sh");
    command.args(["-c", pager]).stdin(Stdio::piped());
    if env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    if let Some(mut to) = child.stdin.take() {
        // It may be left before its end.
        let _ = to.write_all(text.as_bytes());
        let _ = to.write_all(b"\n");
    }
    child
        .wait()
        .is_ok_and(|status| status.success() || status.code() != Some(127))
}

/// How many rows of a screen a line takes, as long as each sign is as wide as another.
fn height(line: &str, columns: usize) -> usize {
    let width = anstream::adapter::strip_str(line).to_string().chars().count();
    width.div_ceil(columns.max(1)).max(1)
}

fn by_keys(text: &str, columns: usize, rows: usize) {
    let lines: Vec<&str> = text.lines().collect();
    let (mut from, mut count) = (0, rows.saturating_sub(1).max(1));
    while let Some(shown) = lines.get(from..) {
        let mut left = count;
        let fits = |line: &&&str| {
            let taken = height(line, columns);
            // One that is higher than the screen is shown all the same.
            let fits = taken <= left || left == count;
            left = left.saturating_sub(taken);
            fits
        };
        let now: Vec<&str> = shown.iter().take_while(fits).copied().collect();
        if now.is_empty() {
            return;
        }
        draw::answer(now.join("\n"));
        from = from.saturating_add(now.len());
        let behind = lines.len().saturating_sub(from);
        if behind == 0 {
            return;
        }
        draw::raw(&format!(
            "\u{1b}[7m {behind} more lines: space, enter, or q \u{1b}[0m"
        ));
        let next = key(rows);
        draw::raw("\r\u{1b}[K");
        match next {
            Some(next) => count = next,
            None => return,
        }
    }
}

/// How many lines are wanted next; nothing if that was enough.
fn key(rows: usize) -> Option<usize> {
    terminal::enable_raw_mode().ok()?;
    let wanted = loop {
        let Ok(Event::Key(key)) = read() else { continue };
        if key.kind != KeyEventKind::Press {
            continue;
        }
        break match key.code {
            KeyCode::Char(' ') | KeyCode::PageDown => Some(rows.saturating_sub(1).max(1)),
            KeyCode::Enter | KeyCode::Down => Some(1),
            KeyCode::Char('q') | KeyCode::Esc => None,
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => None,
            _ => continue,
        };
    };
    terminal::disable_raw_mode().ok()?;
    wanted
}
