//! The pages of the reference that are lists, made from the code that they are about.

use flowmesh_diagnostics::{Page, pages};
use flowmesh_frontend::check::{SETTINGS, Setting};
use flowmesh_kubernetes::{Target, capabilities};
use flowmesh_stdlib::{Native, natives};
use std::{collections::BTreeMap, fmt::Write};

const HOW: &str =
    "This page is made from the code: `UPDATE_DOCS=1 cargo test -p flowmesh-tests --test documents`.";

/// A program with every setting.
pub(crate) const ALL_SETTINGS: &str = include_str!("settings.flow");

/// Each page, by the name of its file.
pub(crate) fn all() -> [(&'static str, String); 4] {
    [
        ("functions.md", functions()),
        ("codes.md", codes()),
        ("settings.md", settings()),
        ("targets.md", targets()),
    ]
}

/// `string.split` stands under `string`, `min` under no type.
fn functions() -> String {
    let mut groups: BTreeMap<&str, Vec<&Native>> = BTreeMap::new();
    for native in natives() {
        let group = native.name.split_once('.').map_or("", |(ty, _)| ty);
        groups.entry(group).or_default().push(native);
    }
    let mut text = format!(
        "# Functions\n\n{HOW}\n\nThe functions of the library are pure and always end. `ordered` is any type whose \
         values have an order, `number` is int, float or decimal, `A` and `B` are any types; a parameter with `?` may be \
         left out. Every example is an expression that is true. `flowmesh explain string.split` shows one of them.\n"
    );
    for (group, natives) in groups {
        let title = match group {
            "" => "Free functions".to_owned(),
            "any" => "On any type".to_owned(),
            ty => format!("On {ty}"),
        };
        write!(text, "\n## {title}\n").unwrap();
        for native in natives {
            write!(
                text,
                "\n### {}\n\n`{native}`\n\n{} `{}`\n",
                native.short_name(),
                native.doc,
                native.example
            )
            .unwrap();
        }
    }
    text
}

/// What each target holds.
fn targets() -> String {
    let mut text = format!("# Targets\n\n{HOW}\n\n{TARGETS}{LINKERD}");
    for target in Target::ALL {
        write!(text, "\n## `{target}`\n\n| setting | | |\n|---|---|---|\n").unwrap();
        for line in capabilities(target) {
            let (setting, holds) = (line.setting, line.holds.as_str());
            writeln!(text, "| `{setting}` | {holds} | {} |", line.how).unwrap();
        }
    }
    text
}

/// What is the same for all targets.
const TARGETS: &str = "`flowmesh compile app.flow --to istio -o out/` writes the services, policies and gateways of a program as manifests for \
a mesh that a cluster has: one file for each object, named after kind and name, the same bytes for the same program. An annotation \
says from which line an object comes.\n\nA service stands at Services of the cluster, `dns://name.namespace.svc.cluster.local:port`. \
With several subsets, each is a Service of its own, and callers name the service itself: a Service `name` beside theirs, in their \
namespace.\n\nWhat a target does not hold is an error at the line that says it; with `--interpreter-fills` it is left to flowmesh, \
and an annotation says so. What it holds in part is a warning that says how. A gateway of which something is not held is not \
written at all: the rest of it would let in whom the program keeps out. `flowmesh targets` prints these tables.\n\n## Gateway API\n\n\
`--to gateway-api` writes an HTTPRoute for each service, attached to its Service, for meshes that take it so; a service with nothing \
but gRPC becomes a GRPCRoute where it says no timeouts, which those have no field for. A gateway is a Gateway with an HTTPRoute for each host and a \
TLSRoute for each name that is passed on, in the namespace of the first service that it leads to; `--gateway-class NAME` says who \
carries it out. Routes that lead into other namespaces get a ReferenceGrant there. Routes stand in the program's order, and Gateway \
API takes the most specific match: where both differ, a route has matches more, for just the requests that it would lose. \
`--experimental` writes what is in the experimental channel, too.\n\n## The program itself\n\n\
`flowmesh compile app.flow --to kubernetes --namespace shop --image registry.example.com/flowmesh:1 -o out/` writes the pods \
that carry the program out. With flows it is one pod of a StatefulSet, whose volume keeps the runs (`--storage 10Gi`), and so it is \
with limits that are `shared`, which a server counts; a program that only has gateways is a Deployment of two to ten, by their load. The program stands in a ConfigMap that is named after its \
hash; configs that are given by `--set` are variables of the pod. Three Secrets are named and not written: `NAME-secrets` with a \
key for each `secret`, `NAME-files` with the files that the program names, such as certificates, and `NAME-tokens` with the \
`tokens.json` of `flowmesh token`. The pods may write nothing but the volume, have no privilege, and are nobody; they reach names, \
the namespaces with Services that the program calls, and outside of the cluster the ports that it calls there. `Dockerfile` makes \
the image.\n\nA program with `std.kubernetes` gets a Role in each namespace where its flows do something, with the kinds and verbs that they \
name, and a container that shows the API of the cluster who the pods are. `--service-monitor` writes a ServiceMonitor for the operator of \
Prometheus, `--test-job` a Job that carries out the tests of the program: let the pods in when it is complete, such as by `kubectl wait \
--for=condition=complete job/NAME`. `--pods` writes all of this beside what another target gets.\n\nThe fields that the objects use are those of Kubernetes 1.29 or later: what is older does not know a container that starts before the \
others and stays, as programs with `std.kubernetes` have.\n\n`--kustomize` adds a \
`kustomization.yaml` that names the files, as a base for overlays; `--helm` writes a chart, with the image and the size of the volume as values, and \
in the namespace of the release.\n\n## The order of Consul\n\n\
`flowmesh compile app.flow --to consul -o out/` puts a number before the name of each file. Consul takes a route or a split only \
once it knows the protocol of every service in it, and `kubectl apply -f out/` goes by the names of files, and so by these \
numbers. What is taken away goes the other way round: `for file in $(ls -r out/*.yaml); do kubectl delete -f $file; done`.\n\n\
Consul knows services by their names alone: two namespaces are one to it, and a Service has the port that it is registered with. \
A service with several subsets is called `NAME.virtual.consul`, or by a Service `NAME` beside theirs. Splits of routes with a \
condition stand at names of their own, `NAME-split-2`, behind which is nothing. Whoever calls is a service of the mesh; pods of \
flowmesh are the service `flowmesh`. What stands outside of the cluster, `https://api.example.com`, is passed on as connections, \
by proxies that are transparent and through the gateway `terminating-gateway` of Consul's installation.\n";

/// What is to be known of Linkerd.
const LINKERD: &str = "\n## What is written for Linkerd\n\nTimeouts and retries are annotations of a whole route there, so a service has as many `HTTPRoute`s \
as it has operations that differ in them: `payments`, `payments-charge`. Of two routes that a request fits the more specific \
holds, and what would depend on which of them is older is refused. When an endpoint is left alone stands at the Service itself, \
which is the cluster's own: that manifest has annotations and nothing else, and is applied with `kubectl apply --server-side`, \
which adds them to the Service and takes nothing from it (an apply without it would take the ports of a Service that was applied \
in the same way). Linkerd reads none of this of a Service that has a ServiceProfile, or no address of its own.\n\n\
With rules of `allow` and `deny`, each Service of a service gets a `Server`, where nobody comes in unless a policy lets them. \
Where rules are of whole services the policies are of the Server, and Linkerd lets the cluster's probes in by itself; where they \
tell requests apart they are of routes to it, and probes come in at the path of `health`, or at a port of their own.\n\n\
A service at a name outside of the cluster, `https://api.example.com`, gets a `TLSRoute`, or an `HTTPRoute` where it is called without \
TLS, and all of them an `EgressNetwork` in the namespace of those who call (`--namespace`). The `TLSRoute` that Linkerd reads is in \
the experimental channel of Gateway API. With `mesh { access: derived }` nothing \
else leaves that namespace by its proxies.\n";

fn codes() -> String {
    let stages = [
        (1, "Parse"),
        (2, "Resolve"),
        (3, "Types"),
        (4, "Flows and statements"),
        (5, "Services, policies and access"),
        (6, "Errors and undo"),
        (7, "Targets"),
        (8, "Import"),
        (10, "Run time"),
        (11, "Command line"),
    ];
    let mut text = format!(
        "# Codes\n\n{HOW}\n\nEvery message has a code, and every code a page that explains, shows and cures. \
         `flowmesh explain F0203` shows the page.\n\n{IGNORED}"
    );
    for (stage, title) in stages {
        write!(text, "\n## {title}\n\n").unwrap();
        for page in pages().iter().filter(|page| page.code.stage() == stage) {
            let path = format!("../../compiler/diagnostics/pages/{}.md", page.code);
            let warns = if page.code.is_warning() {
                " (a warning)"
            } else {
                ""
            };
            writeln!(text, "- [{}]({path}): {}{warns}", page.code, heading(page)).unwrap();
        }
    }
    let grouped = |page: &Page| stages.iter().any(|(stage, _)| *stage == page.code.stage());
    assert!(pages().iter().all(grouped), "a code belongs to no stage");
    text
}

/// How a warning is not told any more.
const IGNORED: &str = "A warning that is known and meant is ignored by a comment, on a line of its own above what the warning is about \
or at the end of its line. The reason is for whoever reads it, and has to be there:\n\n```flow\nflow greet(name: string) {\n  \
// ignore F0407: looked at in the debugger\n  let length = name.len()\n  log \"hello {name}\"\n}\n```\n\nAbove a declaration, a \
statement, a setting, an arm or an argument, it is about that one as it stands up to its body; never about a whole flow or service. \
At the end of a line, it is about what ends or opens there. Several codes stand with commas between them: `// ignore F0407, F0318: \
why`. Errors cannot be ignored ([F0220](../../compiler/diagnostics/pages/F0220.md)), and a comment that ignores nothing is a warning \
itself ([F0223](../../compiler/diagnostics/pages/F0223.md)). The formatter leaves such comments where they mean the same, and editors \
offer to write them.\n";

fn heading(page: &Page) -> &str {
    let line = page.text.lines().next().unwrap_or_default();
    line.split_once(": ").map_or(line, |(_, title)| title)
}

fn settings() -> String {
    let mut text = format!(
        "# Settings\n\n{HOW}\n\nWhat stands in a policy, a service, an operation, the `with` of a call, a gateway and its routes, `mesh` and a schedule. The nearer \
         place overrides the farther, part by part: the call, then the operation, the service, its policy. What a flow \
         may set stands with [its declaration](declarations.md#flow).\n",
    );
    for setting in SETTINGS {
        let places: Vec<String> = setting.places.iter().map(place).collect();
        write!(text, "\n## `{}`\n\n{}\n\n", setting.name, setting.doc).unwrap();
        write!(
            text,
            "- holds: `{}`\n- stands in: {}\n",
            setting.form,
            places.join(", ")
        )
        .unwrap();
        parts(&mut text, setting.parts);
    }
    write!(text, "\n## All at once\n\n```flow\n{ALL_SETTINGS}```\n").unwrap();
    text
}

/// As an author calls it.
fn place(place: &impl std::fmt::Debug) -> String {
    match format!("{place:?}").as_str() {
        "With" => "`with`".to_owned(),
        "Mesh" => "`mesh`".to_owned(),
        "GatewayRoute" => "a route of a gateway".to_owned(),
        other => format!("{} {}", article(other), other.to_lowercase()),
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with('O') { "an" } else { "a" }
}

fn parts(text: &mut String, parts: &[Setting]) {
    if parts.is_empty() {
        return;
    }
    text.push_str("\n| part | holds | |\n|---|---|---|\n");
    for part in parts {
        let form = part.form.replace('|', "\\|");
        writeln!(text, "| `{}` | {form} | {} |", part.name, part.doc).unwrap();
    }
}
