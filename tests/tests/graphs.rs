//! Programs as pictures: what stands in them, and that whoever looks at them can read them.

use flowmesh_graph::{Graph, Kind, Layout, calls, draw, flow, layout, mesh};
use flowmesh_ir::{FlowId, Program};
use flowmesh_tests::{
    files::{program, programs, top},
    fuzz::compiled,
};
use std::{collections::BTreeSet, env, fs};

/// Every picture of a program.
fn pictures(program: &Program) -> Vec<Graph> {
    let flows = (0u32..).map(FlowId).take(program.flows.len());
    let mut all: Vec<Graph> = flows.filter_map(|id| flow(program, id)).collect();
    all.extend([calls(program), mesh(program)]);
    all
}

#[test]
fn pictures_show_what_stands_beside_the_program() {
    let path = top().join("tests/suite/graph/order.flow");
    let program = program(&path).expect("it compiles");
    let texts: Vec<String> = pictures(&program).iter().map(draw::mermaid).collect();
    let text = texts.join("\n");
    let beside = path.with_extension("mermaid");
    if env::var_os("UPDATE_SUITE").is_some() {
        fs::write(&beside, &text).expect("the suite can be written");
    }
    let expected = fs::read_to_string(&beside).unwrap_or_default();
    assert_eq!(
        text,
        expected,
        "{} differs; UPDATE_SUITE=1 rewrites it",
        beside.display()
    );
}

#[test]
fn every_picture_can_be_read() {
    let programs = programs();
    let (mut pictures_read, mut largest) = (0, 0);
    for (name, program) in &programs {
        for graph in pictures(program) {
            let places = layout(&graph);
            read(&format!("{name}: {}", graph.title), &graph, &places);
            pictures_read += 1;
            largest = largest.max(graph.nodes.len());
        }
    }
    println!("{pictures_read} pictures, the largest of {largest} nodes");
    assert!(pictures_read > 500 && largest > 20);
}

/// Nothing covers anything, nothing is outside, every edge begins and ends at its nodes, and all names are different.
fn read(name: &str, graph: &Graph, places: &Layout) {
    assert_eq!(places.nodes.len(), graph.nodes.len(), "{name}");
    let ids: BTreeSet<&str> = graph.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(ids.len(), graph.nodes.len(), "{name}: names are not unique");
    let boxes: Vec<[f64; 4]> = places
        .nodes
        .iter()
        .map(|place| {
            let (half, tall) = (place.size.width / 2.0, place.size.height / 2.0);
            let middle = place.middle;
            [middle.x - half, middle.y - tall, middle.x + half, middle.y + tall]
        })
        .collect();
    for (number, one) in boxes.iter().enumerate() {
        assert!(
            one[0] >= 0.0 && one[1] >= 0.0 && one[2] <= places.width && one[3] <= places.height,
            "{name}: {} is outside",
            graph.nodes[number].id
        );
        for (other, second) in boxes.iter().enumerate().take(number) {
            let apart =
                one[0] >= second[2] || second[0] >= one[2] || one[1] >= second[3] || second[1] >= one[3];
            assert!(
                apart,
                "{name}: {} covers {}",
                graph.nodes[number].id, graph.nodes[other].id
            );
        }
    }
    for (edge, course) in graph.edges.iter().zip(&places.edges) {
        let (first, last) = (course.points.first().unwrap(), course.points.last().unwrap());
        for (point, node) in [(first, edge.from), (last, edge.to)] {
            let at = boxes[node];
            let near = |a: f64, b: f64| (a - b).abs() < 0.01;
            let across = point.x >= at[0] - 0.01 && point.x <= at[2] + 0.01;
            let along = point.y >= at[1] - 0.01 && point.y <= at[3] + 0.01;
            let touches = (across && (near(point.y, at[1]) || near(point.y, at[3])))
                || (along && (near(point.x, at[0]) || near(point.x, at[2])));
            assert!(touches, "{name}: an edge does not touch {}", graph.nodes[node].id);
        }
        assert_eq!(
            course.words.is_some(),
            !edge.label.is_empty(),
            "{name}: words of {edge:?}"
        );
        if let Some(words) = course.words {
            let covered = boxes
                .iter()
                .any(|at| words.x > at[0] && words.x < at[2] && words.y > at[1] && words.y < at[3]);
            assert!(
                !covered || edge.from == edge.to,
                "{name}: the words `{}` are covered",
                edge.label
            );
        }
    }
}

#[test]
fn every_step_that_can_be_reached_is_in_the_picture() {
    for (name, program) in programs() {
        for (id, one) in (0u32..).map(FlowId).zip(&program.flows) {
            let picture = flow(&program, id).expect("there is the flow");
            let shown: BTreeSet<&str> = picture.nodes.iter().map(|node| node.id.as_str()).collect();
            let steps = one.states.iter().filter_map(|state| state.step);
            for step in steps {
                let title = one.steps[step.index()].title.as_str();
                assert!(
                    shown.contains(title),
                    "{name}: {}: {title} is not shown",
                    one.name
                );
            }
        }
    }
}

#[test]
fn the_same_program_is_the_same_picture_and_each_is_xml() {
    for (name, program) in programs().into_iter().step_by(3) {
        for graph in pictures(&program) {
            let text = draw::svg(&graph, &layout(&graph));
            assert_eq!(text, draw::svg(&graph, &layout(&graph)));
            well_formed(&name, &text);
        }
    }
}

/// Tags are closed in the order in which they were opened, and no sign stands where it would be read as another.
fn well_formed(name: &str, text: &str) {
    let mut open = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        assert!(
            !before.contains(['>', '"']) || open.last() == Some(&"style"),
            "{name}: {before}"
        );
        let entities = before.split('&').skip(1);
        for entity in entities {
            let known = ["amp;", "lt;", "gt;", "quot;"]
                .iter()
                .any(|known| entity.starts_with(known));
            assert!(known, "{name}: &{entity}");
        }
        let (tag, after) = after.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{name}");
        } else if !tag.ends_with('/') {
            open.push(tag.split([' ', '\n']).next().unwrap());
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{name}: {tag}");
    }
    assert_eq!((open.as_slice(), rest.trim()), ([].as_slice(), ""), "{name}");
}

const BEFORE: &str = r#"
service shop {
  at: "http://shop.example.com"
  op one(id: string) = PUT "/one/{id}"
  op two(id: string) = PUT "/two/{id}"
  op three(id: string) = PUT "/three/{id}"
}
flow order(id: string) {
  shop.one(id)
  if id == "1" {
    shop.two(id)
  }
}
"#;

#[test]
fn what_is_added_below_moves_hardly_anything_above() {
    let places = |text: &str| {
        let program = compiled(text).expect("it compiles");
        let graph = flow(&program, FlowId(0)).expect("there is a flow");
        let places = layout(&graph);
        let named = graph.nodes.into_iter().zip(places.nodes);
        named
            .filter(|(node, _)| node.kind != Kind::Done)
            .map(|(node, place)| (node.id, place.middle))
            .collect::<Vec<_>>()
    };
    let before = places(BEFORE);
    let after = places(&BEFORE.replace("  }\n}\n", "  }\n  shop.three(id)\n}\n"));
    assert_eq!(after.len(), before.len() + 1);
    for (id, at) in before {
        let now = after.iter().find(|(known, _)| *known == id).expect(&id).1;
        assert!(
            (now.x - at.x).abs() <= 2.0 && now.y == at.y,
            "{id} has moved from {at:?} to {now:?}"
        );
    }
}

#[test]
fn what_nobody_could_read_has_no_more_bends_than_others() {
    // Each of these leaves the loop, and its edge crosses all that follow.
    let steps: String = (0..1_000)
        .map(|number| format!("    if id == \"{number}\" {{ break }}\n    shop.one(\"{number}\")\n"))
        .collect();
    let head = BEFORE.split("flow ").next().unwrap();
    let text =
        format!("{head}flow long(id: string) {{\n  for i in 0..10 {{\n{steps}  }}\n  shop.two(id)\n}}\n");
    let program = compiled(&text).expect("it compiles");
    let graph = flow(&program, FlowId(0)).expect("there is a flow");
    let places = layout(&graph);
    assert!(graph.nodes.len() > 2_000, "{} nodes", graph.nodes.len());
    let points: usize = places.edges.iter().map(|course| course.points.len()).sum();
    assert!(points < 70_000, "{points} points");
    read("a long flow", &graph, &places);
}
