//! Tells Zed how the language server is started: `flowmesh lsp`, from the settings or from `PATH`.

use zed_extension_api::{self as zed, settings::LspSettings, Command, LanguageServerId, Result, Worktree};

struct Flowmesh;

impl zed::Extension for Flowmesh {
    fn new() -> Self {
        Self
    }

    fn language_server_command(&mut self, id: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let set = LspSettings::for_worktree(id.as_ref(), worktree).ok();
        let path = set.and_then(|settings| settings.binary).and_then(|binary| binary.path);
        let command = path.or_else(|| worktree.which("flowmesh"));
        Ok(Command {
            command: command.ok_or("there is no `flowmesh` in PATH, and `lsp.flowmesh.binary.path` is not set")?,
            args: vec!["lsp".to_owned()],
            env: worktree.shell_env(),
        })
    }
}

zed::register_extension!(Flowmesh);
