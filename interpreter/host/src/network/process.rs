//! Calls that are local processes: `run "program {arg}"`. No shell; JSON in, JSON out; nothing of our environment but
//! `PATH`.
//!
//! Exit 0 is status 200 and what was printed is the body. Any other exit is a status of that number, so that `on 3:`
//! and `UnexpectedStatus` mean what they mean elsewhere; numbers from 200 on, which would pass for success, are moved
//! up by 1000. What it printed is the body then too, or, if it printed nothing, the end of its standard error.

use flowmesh_ir::{
    Program,
    call::{Failure, Reply, Request},
};
use flowmesh_mesh::{
    AttemptReport, Next, Observer, Outcome,
    decide::attempts::{CallPlan, Decision},
};
use std::{process::Stdio, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    time::Instant,
};

/// The most that a process may print.
const OUTPUT_BYTES_MAX: u64 = 32 << 20;
/// How much of its standard error is kept for people.
const ERROR_BYTES_MAX: u64 = 4 << 10;

/// Runs a process with as many attempts as the policy of the call allows.
pub(super) async fn call(
    program: &Program,
    request: &Request,
    words: &[String],
    observer: &dyn Observer,
    draw: &(dyn Fn() -> u64 + Send + Sync),
) -> Reply {
    let service = program.service(request.service);
    let operation = service.and_then(|service| service.operations.get(request.operation.index()));
    let (Some(operation), Some(policy)) = (operation, program.policy(request.policy)) else {
        return Reply::Failed(Failure::Unavailable(
            "the request names an operation that the program does not have".to_owned(),
        ));
    };
    let began = Instant::now();
    let mut plan = CallPlan::new(policy, request.effect, &operation.on, Duration::ZERO);
    let mut outcome = None;
    loop {
        let decision = plan.next(began.elapsed(), outcome.take(), &mut || draw(), &mut || true);
        match decision {
            Decision::Attempt { number, timeout } => {
                observer.started(number);
                outcome = Some(attempt(words, &request.body, timeout).await);
                report(&plan, number, outcome.as_ref(), began, observer);
            }
            Decision::Wait { delay } => tokio::time::sleep(delay).await,
            Decision::Done { reply, .. } => return reply,
        }
    }
}

fn report(
    plan: &CallPlan<'_>,
    attempt: u32,
    outcome: Option<&Outcome>,
    began: Instant,
    observer: &dyn Observer,
) {
    let Some(outcome) = outcome.or(plan.last()) else {
        return;
    };
    observer.ended(&AttemptReport {
        attempt,
        subset: "",
        endpoint: None,
        zone: None,
        detour: None,
        outcome,
        took: began.elapsed(),
        next: Next::Retry(Duration::ZERO),
    });
}

async fn attempt(words: &[String], input: &[u8], timeout: Duration) -> Outcome {
    let mut child = match spawn(words) {
        Ok(child) => child,
        Err(why) => return Outcome::Unsent(why),
    };
    let _group = Group(child.id());
    match tokio::time::timeout(timeout, to_its_end(&mut child, input)).await {
        Ok(outcome) => outcome,
        Err(_) => Outcome::TimedOut {
            sent: true,
            why: format!("the process did not end within {timeout:?}"),
        },
    }
}

fn spawn(words: &[String]) -> Result<Child, String> {
    let [program, arguments @ ..] = words else {
        return Err("there is no program to run".to_owned());
    };
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
        .spawn()
        .map_err(|why| format!("the program `{program}` cannot be run: {why}"))
}

async fn to_its_end(child: &mut Child, input: &[u8]) -> Outcome {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async move {
        if let Some(mut stdin) = stdin {
            // A process may well not read what it is told.
            let _ = stdin.write_all(input).await;
            let _ = stdin.shutdown().await;
        }
    };
    let (output, errors, ()) = tokio::join!(
        read(stdout, OUTPUT_BYTES_MAX),
        read(stderr, ERROR_BYTES_MAX),
        write
    );
    let Ok(output) = output else {
        return Outcome::Malformed(format!("the process printed more than {OUTPUT_BYTES_MAX} bytes"));
    };
    match child.wait().await {
        Ok(status) => ended(status.code(), output, &errors.unwrap_or_default()),
        Err(why) => Outcome::Broken(format!("the process was lost: {why}")),
    }
}

/// What a process prints. What is too long is an error; of the standard error the beginning is enough.
async fn read(from: Option<impl AsyncRead + Unpin>, most: u64) -> Result<Vec<u8>, ()> {
    let Some(mut from) = from else {
        return Ok(Vec::new());
    };
    let mut read = Vec::new();
    // A broken pipe is the end of what it prints.
    let _ = (&mut from)
        .take(most.saturating_add(1))
        .read_to_end(&mut read)
        .await;
    if most == ERROR_BYTES_MAX {
        let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
        return Ok(read);
    }
    if read.len() as u64 > most {
        Err(())
    } else {
        Ok(read)
    }
}

fn ended(code: Option<i32>, output: Vec<u8>, errors: &[u8]) -> Outcome {
    let Some(code) = code else {
        return Outcome::Broken("the process was killed".to_owned());
    };
    let code = u16::try_from(code).unwrap_or(u16::MAX);
    let status = match code {
        0 => 200,
        200.. => code.saturating_add(1000),
        code => code,
    };
    let body = if output.trim_ascii().is_empty() && code != 0 {
        let text = String::from_utf8_lossy(errors);
        serde_json::to_vec(text.trim_end()).unwrap_or_default()
    } else {
        output
    };
    Outcome::Answer {
        status,
        body: Arc::from(body),
        retry_after: None,
    }
}

/// A process and all that it started; when this is dropped, none of them lives on.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let group = self.0.and_then(|id| i32::try_from(id).ok());
        if let Some(group) = group.and_then(rustix::process::Pid::from_raw) {
            // It is no error if none is left.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str], input: &str, timeout: Duration) -> Outcome {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(attempt(&words, input.as_bytes(), timeout))
    }

    const LONG: Duration = Duration::from_secs(30);

    fn answer(status: u16, body: &str) -> Outcome {
        Outcome::Answer {
            status,
            body: body.as_bytes().into(),
            retry_after: None,
        }
    }

    #[test]
    fn what_goes_in_and_what_comes_out_is_json() {
        assert_eq!(run(&["cat"], r#"{"a":1}"#, LONG), answer(200, r#"{"a":1}"#));
    }

    #[test]
    fn an_exit_is_a_status_and_no_shell_reads_the_arguments() {
        assert_eq!(run(&["sh", "-c", "exit 3"], "", LONG), answer(3, "\"\""));
        assert_eq!(
            run(&["sh", "-c", "echo no >&2; exit 250"], "", LONG),
            answer(1250, "\"no\"")
        );
        assert_eq!(run(&["echo", "$HOME; ls"], "", LONG), answer(200, "$HOME; ls\n"));
    }

    #[test]
    fn nothing_of_our_environment_is_seen_but_the_path() {
        let Outcome::Answer { body, .. } = run(&["env"], "", LONG) else {
            panic!("it answers")
        };
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(text.lines().all(|line| line.starts_with("PATH=")), "{text}");
    }

    #[test]
    fn a_process_that_takes_too_long_ends_with_all_it_started() {
        let outcome = run(&["sh", "-c", "sleep 600 & wait"], "", Duration::from_millis(300));
        assert!(
            matches!(outcome, Outcome::TimedOut { sent: true, .. }),
            "{outcome:?}"
        );
    }

    #[test]
    fn a_program_that_is_not_there_was_not_run_and_endless_output_is_no_answer() {
        assert!(matches!(run(&["/no/such/program"], "", LONG), Outcome::Unsent(_)));
        let outcome = run(&["sh", "-c", "cat /dev/zero"], "", LONG);
        assert!(matches!(outcome, Outcome::Malformed(_)), "{outcome:?}");
    }
}
