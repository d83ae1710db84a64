//! `flowmesh top`: a server while it works, seen again and again.

mod frame;
mod sample;
mod screen;

use super::runs::server::Server;
use crate::{client::Client, draw, error::Error, exit::Exit, runtime};
use clap::Args;
use frame::{Frame, Size};
use sample::Sample;
use screen::{Key, Screen};
use std::{io::IsTerminal, time::Duration};
use tokio::time::Instant;

/// Watch a server while it works
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh top
  flowmesh top --server http://127.0.0.1:7700 --state failed
  flowmesh top --interval 5s --json
  flowmesh top --count 1 > now.txt

Flows with how their runs stand, and the newest runs. A token of the role `admin` that is for all
namespaces sees how the server itself does, too: commits, calls, timers, the store.
Keys: q leaves, space holds the picture, s and S choose the state of the runs that are listed.
Where the output is no terminal, one picture is printed.")]
pub(crate) struct Top {
    /// How long from one look to the next: `500ms`, `2s`
    #[arg(long, default_value = "1s", value_parser = interval)]
    interval: Duration,
    /// How many pictures; else until `q`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,
    /// List runs in this state only
    #[arg(long)]
    state: Option<String>,
    #[command(flatten)]
    server: Server,
    /// Print JSON, a line for each look
    #[arg(long)]
    pub(crate) json: bool,
}

/// The states that `s` goes through; none is all of them.
const STATES: [Option<&str>; 7] = [
    None,
    Some("running"),
    Some("waiting"),
    Some("paused"),
    Some("undoing"),
    Some("failed"),
    Some("done"),
];

fn interval(text: &str) -> Result<Duration, String> {
    let wrong = || format!("expected a time from 100ms to 1h, such as `2s`, found `{text}`");
    let span: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    let span = Duration::try_from(span).map_err(|_| wrong())?;
    let fits = (Duration::from_millis(100)..=Duration::from_secs(3600)).contains(&span);
    fits.then_some(span).ok_or_else(wrong)
}

impl Top {
    /// Looks until it is enough.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let client = self.server.client()?;
        runtime::block_on(async {
            let shown = std::io::stdout().is_terminal() && !self.json;
            if shown {
                self.watch(&client).await
            } else {
                self.print(&client).await
            }
        })?;
        Ok(Exit::Ok)
    }

    /// One picture after the other, each with what happened since the one before.
    async fn print(&self, client: &Client) -> Result<(), Error> {
        let count = match (self.count, self.json) {
            (Some(count), _) => count,
            (None, true) => u32::MAX,
            (None, false) => 1,
        };
        let mut before = Sample::take(client, self.state.as_deref()).await?;
        for _ in 0..count {
            tokio::select! {
                () = tokio::time::sleep(self.interval) => {}
                () = runtime::interrupted() => return Ok(()),
            }
            let now = Sample::take(client, self.state.as_deref()).await?;
            let frame = Frame::new(&client.url, (Some(&before), &now));
            match self.json {
                true => draw::answer_line(&frame.json()),
                false => draw::raw(&(frame.lines(Size::PRINTED).join("\n") + "\n")),
            }
            before = now;
        }
        Ok(())
    }

    /// The same on a terminal, in place.
    async fn watch(&self, client: &Client) -> Result<(), Error> {
        // Whoever cannot be reached at all is told so before the terminal is taken.
        let mut now = Sample::take(client, self.state.as_deref()).await?;
        let mut before = None;
        let mut view = View {
            state: self.state.clone(),
            ..View::default()
        };
        let mut screen = Screen::begin()?;
        let mut pictures = 0u32;
        loop {
            let mut frame = Frame::new(&client.url, (before.as_ref(), &now));
            frame.state.clone_from(&view.state);
            frame.note = view.note();
            screen.show(&frame.lines(screen.size()))?;
            pictures = pictures.saturating_add(1);
            let next = Instant::now() + self.interval;
            if self.count.is_some_and(|count| pictures >= count)
                || self.keys(&mut screen, &mut view, next).await
            {
                return Ok(());
            }
            if view.held {
                continue;
            }
            match Sample::take(client, view.state.as_deref()).await {
                Ok(sample) => {
                    before = Some(std::mem::replace(&mut now, sample));
                    view.lost = None;
                }
                Err(why) => view.lost = Some(why.message()),
            }
        }
    }

    /// Waits until it is time to look again, or for a key, and does what that says. Whether that is to leave.
    async fn keys(&self, screen: &mut Screen, view: &mut View, next: Instant) -> bool {
        let key = tokio::select! {
            key = screen.key() => key,
            () = tokio::time::sleep_until(next) => return false,
            () = runtime::interrupted() => return true,
        };
        match key {
            Key::Leave => return true,
            Key::Hold => view.held = !view.held,
            Key::Next => view.turn(1),
            Key::Before => view.turn(STATES.len() - 1),
            Key::Resized => {}
        }
        false
    }
}

/// What whoever watches chose.
#[derive(Default)]
struct View {
    state: Option<String>,
    held: bool,
    /// Why the last look saw nothing.
    lost: Option<String>,
}

impl View {
    fn turn(&mut self, by: usize) {
        let at = STATES.iter().position(|state| *state == self.state.as_deref());
        let next = at.unwrap_or_default().saturating_add(by) % STATES.len();
        self.state = STATES.get(next).copied().flatten().map(str::to_owned);
    }

    fn note(&self) -> Option<String> {
        let held = self.held.then(|| "held, space goes on".to_owned());
        self.lost.clone().or(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_has_bounds() {
        assert_eq!(interval("500ms"), Ok(Duration::from_millis(500)));
        assert!(interval("1ms").is_err() && interval("2h").is_err() && interval("x").is_err());
    }

    #[test]
    fn states_go_round() {
        let mut view = View::default();
        view.turn(1);
        assert_eq!(view.state.as_deref(), Some("running"));
        view.turn(STATES.len() - 1);
        view.turn(STATES.len() - 1);
        assert_eq!(view.state.as_deref(), Some("done"));
    }
}
