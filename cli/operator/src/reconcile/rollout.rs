//! A program on its way to a version: see `decide::rollout` for what comes when.

use super::{applying, leave, program::Looking, token::token};
use crate::{
    crd::{ObjectKey, OldRuns, Truth},
    decide::{
        deletion::Going,
        differ,
        gate::{self, Tested},
        make::Made,
        plan,
        report::Report,
        rollout::{self, Facts, Held, Next, Verdict},
        shape, size, whose,
    },
    error::Error,
    server::{Fault, Server},
};
use serde_json::Value;
use std::time::Duration;

/// How soon pods are looked at again that are not ready, beside what the cluster tells by itself.
const PODS: Duration = Duration::from_secs(10);

/// One program with what it should be, and what is said of it.
pub(super) struct Rollout<'r, 'c> {
    looking: &'r mut Looking<'c>,
    made: Made,
    report: &'r mut Report,
    /// What should be there.
    wanted: Vec<ObjectKey>,
}

impl<'r, 'c> Rollout<'r, 'c> {
    pub(super) fn new(looking: &'r mut Looking<'c>, made: Made, report: &'r mut Report) -> Self {
        let mut wanted: Vec<ObjectKey> = made.objects.iter().filter_map(shape::key).collect();
        wanted.sort();
        Self {
            wanted,
            looking,
            made,
            report,
        }
    }

    /// One step; how soon the next one is.
    pub(super) async fn go(mut self) -> Result<Duration, Error> {
        let made = &self.made;
        self.report.compiled(&made.hash, made.warnings.clone());
        if self.would_lose_runs().await? {
            return Ok(self.soon());
        }
        let pods = self.looking.context.cluster.get(&self.made.pods).await?;
        if let Some(why) = pods
            .as_ref()
            .and_then(|pods| whose::taken(pods, &self.looking.owner))
        {
            return Ok(self.taken(why));
        }
        let ready = pods.as_ref().is_some_and(differ::is_rolled_out);
        let server = self.server(&self.made.pods.name).await?;
        let serving = match self.made.keeps && ready {
            true => Some(server.serving().await),
            false => None,
        };
        match &serving {
            Some(Err(fault)) => self.unanswered(fault),
            Some(Ok(None)) => self.unanswered(&Fault::Lost("the server has no program".to_owned())),
            _ => {}
        }
        let serving = serving.and_then(Result::ok).flatten();
        let deployed = self.report.status.program.clone();
        let facts = Facts {
            wanted: &self.made.hash,
            keeps: self.made.keeps,
            old_runs: self.looking.program.spec.old_runs,
            standing: pods.as_ref().and_then(differ::program_of),
            ready,
            deployed: deployed.as_deref(),
            serving: serving.as_deref(),
            tested: self.tested().await?,
        };
        let same = facts.standing == Some(facts.wanted);
        match rollout::next(&facts) {
            Next::Test => self.test().await,
            Next::Apply => self.apply().await,
            Next::Ask => self.ask(&server, same).await,
            Next::Settled => self.settle(&server).await,
            Next::Hold(held) => self.hold(held, same).await,
        }
    }

    /// How the tests stand.
    async fn tested(&self) -> Result<Tested, Error> {
        let Some(job) = gate::job(&self.made.objects) else {
            return Ok(Tested::Unasked);
        };
        let live = self.looking.context.cluster.get(&job).await?;
        // What another's Job says is not of this version.
        let own = live.filter(|live| whose::taken(live, &self.looking.owner).is_none());
        Ok(gate::tested(own.as_ref()))
    }

    /// Has the tests carried out, and nothing else.
    async fn test(mut self) -> Result<Duration, Error> {
        let Some(job) = gate::job(&self.made.objects) else {
            return Ok(self.again());
        };
        self.note().await?;
        let needed = gate::needed(&self.made.objects, &job);
        let wrong = applying::apply(self.looking, &needed).await?;
        if !wrong.is_empty() {
            self.report.applied(self.made.objects.len(), &wrong);
        }
        let text = format!("the Job `{}` carries out the tests of this version", job.name);
        self.report.undeployed(Truth::False, "Testing", &text);
        Ok(PODS.min(self.soon()))
    }

    /// What is there is never unknown, whenever we end.
    async fn note(&mut self) -> Result<(), Error> {
        self.report.status.objects = differ::both(self.looking.objects(), &self.wanted);
        if self.report.status.objects != self.looking.objects() {
            self.report.sum_up();
            self.looking.say(self.report).await?;
        }
        Ok(())
    }

    /// Another one has pods of that name, with runs of its own: nothing is said to their server.
    fn taken(&mut self, why: String) -> Duration {
        self.report
            .undeployed(Truth::False, "Conflict", "the pods of that name are another's");
        let key = self.made.pods.clone();
        self.report
            .applied(self.made.objects.len(), &[applying::anothers(key, why)]);
        self.soon()
    }

    /// The server of this program, or of what it was called before.
    async fn server(&self, name: &str) -> Result<Server, Error> {
        let (looking, secrets) = (&*self.looking, &self.looking.program.spec.secrets);
        let namespace = &looking.owner.namespace;
        let token = token(looking.context, secrets, (namespace, name)).await?;
        Ok(looking.context.server(namespace, name, token))
    }

    /// Whether pods with runs would go: the program has another name now, or no flows any more.
    async fn would_lose_runs(&mut self) -> Result<bool, Error> {
        let gone = differ::left_over(self.looking.objects(), &self.wanted);
        for old in gone.iter().filter(|key| shape::keeps(key)) {
            if self.loses_runs_of(old).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn loses_runs_of(&mut self, old: &ObjectKey) -> Result<bool, Error> {
        match leave::going(self.looking, old).await? {
            Going::Go => Ok(false),
            Going::Terminate(text) => {
                let server = self.server(&old.name).await?;
                let ended = server.terminate_all().await;
                let text = ended.map_or_else(|fault| fault.to_string(), |()| format!("ending them: {text}"));
                self.report.undeployed(Truth::False, "Terminating", &text);
                Ok(true)
            }
            Going::Stay(reason, text) => {
                let text = format!("`{}` would go, and its runs with it: {text}", old.name);
                self.report.undeployed(Truth::False, reason, &text);
                Ok(true)
            }
        }
    }

    /// Applies, and waits for the pods.
    async fn apply(mut self) -> Result<Duration, Error> {
        self.applied().await?;
        if !differ::is_rolled_out(&self.pods().await?) {
            let deployed = self.report.status.program.as_deref() == Some(&self.made.hash);
            if !deployed {
                self.report
                    .undeployed(Truth::False, "RollingOut", "the pods are not ready yet");
            }
            return Ok(PODS.min(self.soon()));
        }
        Ok(self.again())
    }

    /// Asks for the plan, tells it, and then the server of the program.
    async fn ask(mut self, server: &Server, same: bool) -> Result<Duration, Error> {
        let old_runs = self.looking.program.spec.old_runs;
        let planned = match server.plan(&self.made.text).await {
            Ok(answer) => Ok(plan::plan(answer, old_runs)),
            Err(Fault::Refused(refused)) => Err(refused),
            Err(fault) => {
                self.unanswered(&fault);
                return Ok(self.again());
            }
        };
        let verdict = rollout::verdict(planned.as_ref(), old_runs, same);
        match planned {
            Ok(plan) => {
                let sentence = plan::sentence(&plan);
                self.report.planned(plan);
                if verdict == Verdict::Wait {
                    self.report.undeployed(Truth::False, "RunsWouldStay", &sentence);
                    return Ok(self.soon());
                }
                self.tell_plan(&sentence).await?;
            }
            Err(refused) if verdict == Verdict::Refused => {
                self.report
                    .undeployed(Truth::False, "Refused", &refused.to_string());
                return Ok(self.soon());
            }
            Err(_) => {}
        }
        match verdict {
            Verdict::Deploy => self.deploy(server, old_runs).await,
            _ => self.apply().await,
        }
    }

    /// Whoever looks sees the plan before it comes true. It is told once: where the server refuses what it planned, the refusal
    /// would be written over by the plan, and both again and again.
    async fn tell_plan(&mut self, sentence: &str) -> Result<(), Error> {
        let status = self.looking.program.status.as_ref();
        if status.is_some_and(|status| status.plan == self.report.status.plan) {
            return Ok(());
        }
        self.report.undeployed(Truth::False, "Deploying", sentence);
        self.report.sum_up();
        self.looking.say(self.report).await
    }

    async fn deploy(mut self, server: &Server, old_runs: OldRuns) -> Result<Duration, Error> {
        match server.deploy(&self.made.text).await {
            Ok(answer) => {
                self.report.planned(plan::plan(answer, old_runs));
                self.report.deployed(&self.made.hash, &self.made.pods.name);
                self.apply().await
            }
            Err(Fault::Refused(refused)) => {
                self.report
                    .undeployed(Truth::False, "Refused", &refused.to_string());
                Ok(self.soon())
            }
            Err(fault) => {
                self.unanswered(&fault);
                Ok(self.again())
            }
        }
    }

    /// Sees that all is as it should be, and takes away what belongs no more.
    async fn settle(mut self, server: &Server) -> Result<Duration, Error> {
        self.report.deployed(&self.made.hash, &self.made.pods.name);
        let left = self.report.status.plan.as_ref().map_or(0, |plan| plan.left);
        let other = self
            .report
            .status
            .plan
            .as_ref()
            .is_some_and(|plan| plan.program != self.made.hash);
        if self.made.keeps && (left > 0 || other) {
            let answer = server.plan(&self.made.text).await;
            if let Ok(answer) = answer {
                self.report
                    .planned(plan::plan(answer, self.looking.program.spec.old_runs));
            }
        }
        if !self.applied().await? {
            return Ok(self.soon());
        }
        // A pod of the version before could need what that had, so it stays until there is none.
        if differ::is_rolled_out(&self.pods().await?) {
            self.prune().await?;
        }
        Ok(self.soon())
    }

    /// What stays for its runs is still ours.
    async fn prune(&mut self) -> Result<(), Error> {
        let stays = applying::prune(self.looking, &self.wanted).await?;
        self.report.status.objects = differ::both(&stays, &self.wanted);
        Ok(())
    }

    /// Nothing new is done; what is there is looked after, where it is of this version.
    async fn hold(mut self, held: Held, same: bool) -> Result<Duration, Error> {
        match held {
            Held::NotReady => {
                let text = "there are older runs to ask about, and the pods of their server are not ready";
                self.report.undeployed(Truth::False, "ServerNotReady", text);
            }
            Held::TestsFailed => {
                let name = gate::job(&self.made.objects).map_or_else(String::new, |job| job.name);
                let text = format!(
                    "tests of this version failed: `kubectl logs job/{name}` says which. Mend the program, or \
                     delete the Job to have them carried out again"
                );
                self.report.undeployed(Truth::False, "TestsFailed", &text);
            }
            Held::NoAnswer => {}
        }
        if same {
            self.applied().await?;
        }
        Ok(match held {
            Held::NotReady | Held::TestsFailed => self.soon(),
            Held::NoAnswer => self.again(),
        })
    }

    /// Applies what differs; whether all of it is as it should be.
    async fn applied(&mut self) -> Result<bool, Error> {
        self.note().await?;
        let wrong = applying::apply(self.looking, &self.made.objects).await?;
        self.report.applied(self.made.objects.len(), &wrong);
        if !size::fit(&self.report.status.objects, 2) {
            // Of many versions that never became ready, what they had is more than can be named.
            self.prune().await?;
        }
        let rolled_out = differ::is_rolled_out(&self.pods().await?);
        self.report.pods(rolled_out);
        Ok(wrong.is_empty())
    }

    async fn pods(&self) -> Result<Value, Error> {
        let pods = self.looking.context.cluster.get(&self.made.pods).await?;
        Ok(pods.unwrap_or_default())
    }

    fn unanswered(&mut self, fault: &Fault) {
        let (truth, reason) = match fault {
            Fault::Lost(_) => (Truth::Unknown, "ServerUnreachable"),
            Fault::Refused(_) => (Truth::Unknown, "ServerRefused"),
        };
        self.report.undeployed(truth, reason, &fault.to_string());
    }

    /// After what may be over in a moment.
    fn again(&self) -> Duration {
        self.looking.context.options.retry
    }

    fn soon(&self) -> Duration {
        self.looking.context.options.resync
    }
}
