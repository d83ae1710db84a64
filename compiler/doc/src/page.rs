//! What all pages have around them.

use crate::{Page, links::Links, text::escaped};
use flowmesh_ir::{FlowId, GatewayId, Program, ServiceId};

/// How pages look, by day and by night.
const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1f2933; --soft: #52606d; --paper: #fff; --edge: #d9e2ec; --mark: #f5f7fa; --link: #1d5fa8;
        --bad: #b3261e; --good: #2e7d32; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --soft: #a5b1bd; --paper: #14181d; --edge: #323f4b; --mark: #1f262e;
        --link: #6cb2f5; --bad: #ff8a80; --good: #7fcf85; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.55 system-ui, \"Helvetica Neue\", Arial, sans-serif; color: var(--ink); background: var(--paper);
       display: grid; grid-template-columns: 15rem minmax(0, 1fr); }
nav { padding: 1.2rem; border-right: 1px solid var(--edge); min-height: 100vh; font-size: 14px; }
nav ul { list-style: none; margin: .2rem 0 1rem; padding: 0; }
nav li { padding: .1rem 0; overflow-wrap: anywhere; }
nav h2 { font-size: 12px; text-transform: uppercase; letter-spacing: .05em; color: var(--soft); margin: 1rem 0 0; border: 0; }
main { padding: 1.5rem 2rem 4rem; max-width: 70rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; } h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
code, pre { font: 13px/1.5 ui-monospace, \"SF Mono\", Menlo, Consolas, monospace; }
pre { background: var(--mark); border: 1px solid var(--edge); border-radius: 6px; padding: .7rem 1rem; overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--edge); }
th { color: var(--soft); font-weight: 600; font-size: 13px; }
.soft { color: var(--soft); } .yes { color: var(--good); } .no { color: var(--bad); }
.picture { overflow-x: auto; border: 1px solid var(--edge); border-radius: 6px; padding: .5rem; margin: .7rem 0; }
.picture svg { max-width: 100%; height: auto; }
.current { font-weight: 600; }
@media (max-width: 50rem) { body { display: block; } nav { min-height: 0; border: 0; border-bottom: 1px solid var(--edge); } }
";

/// A page with what leads to all others beside it.
pub(crate) fn page(program: &Program, links: &Links<'_>, path: &str, title: &str, body: &str) -> Page {
    let name = escaped(&program.name);
    let title = escaped(title);
    let nav = nav(program, links, path);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} - {name}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n{nav}<main>\n{body}</main>\n</body>\n</html>\n"
    );
    Page {
        path: path.to_owned(),
        html,
    }
}

fn nav(program: &Program, links: &Links<'_>, here: &str) -> String {
    let mut out = format!(
        "<nav>\n{}",
        list(None, here, [("index.html", program.name.as_str())])
    );
    let flows = (0u32..).map(FlowId).zip(&program.flows);
    out += &list(
        Some("Flows"),
        here,
        flows.map(|(id, one)| (links.flow_page(id), one.name.as_str())),
    );
    let services = (0u32..).map(ServiceId).zip(&program.services);
    out += &list(
        Some("Services"),
        here,
        services.map(|(id, one)| (links.service_page(id), one.name.as_str())),
    );
    let gateways = (0u32..).map(GatewayId).zip(&program.gateways);
    out += &list(
        Some("Gateways"),
        here,
        gateways.map(|(id, one)| (links.gateway_page(id), one.name.as_str())),
    );
    out += &list(Some("Mesh"), here, [("access.html", "who may call whom")]);
    out + "</nav>\n"
}

fn list<'p>(title: Option<&str>, here: &str, pages: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let items: String = pages
        .into_iter()
        .map(|(page, name)| {
            let class = if page == here { " class=\"current\"" } else { "" };
            format!(
                "<li{class}><a href=\"{}\">{}</a></li>\n",
                escaped(page),
                escaped(name)
            )
        })
        .collect();
    let title = title.map_or(String::new(), |title| format!("<h2>{title}</h2>\n"));
    match items.is_empty() {
        true => String::new(),
        false => format!("{title}<ul>\n{items}</ul>\n"),
    }
}

/// A table, whose cells are HTML; nothing where it has no rows.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head: String = head.iter().map(|cell| format!("<th>{cell}</th>")).collect();
    let row = |row: &Vec<String>| {
        let cells: String = row.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = rows.iter().map(row).collect();
    format!("<table>\n<tr>{head}</tr>\n{rows}</table>\n")
}

/// A picture.
pub(crate) fn picture(graph: &flowmesh_graph::Graph) -> String {
    let places = flowmesh_graph::layout(graph);
    format!(
        "<div class=\"picture\">\n{}</div>\n",
        flowmesh_graph::draw::svg(graph, &places)
    )
}

/// A heading with what follows; nothing where nothing does.
pub(crate) fn section(title: &str, body: &str) -> String {
    match body.is_empty() {
        true => String::new(),
        false => format!("<h2>{title}</h2>\n{body}"),
    }
}
