use super::{Entry, Tree, parameters};
use flowmesh_ir::{
    Value,
    expr::{Binary, Context, Expr},
    gateway::{Part, Segment},
};

fn path(text: &str) -> Vec<Segment> {
    let segment = |text: &str| match text {
        "*" => Segment::Any,
        "**" => Segment::Rest,
        text => match text.strip_prefix('{') {
            Some(name) => Segment::Param(name.trim_end_matches('}').into()),
            None => Segment::Literal(text.to_owned()),
        },
    };
    text.split('/')
        .skip(1)
        .filter(|text| !text.is_empty())
        .map(segment)
        .collect()
}

fn segments(text: &str) -> Vec<String> {
    text.split('/').skip(1).map(str::to_owned).collect()
}

fn found(paths: &[&str], asked: &str) -> Vec<u32> {
    let paths: Vec<Vec<Segment>> = paths.iter().map(|text| path(text)).collect();
    Tree::new(paths.iter().map(|path| anywhere(path))).find("", &segments(asked), None)
}

fn anywhere(path: &[Segment]) -> Entry<'_> {
    Entry {
        host: None,
        path,
        condition: None,
    }
}

#[test]
fn a_host_leads_to_its_routes_and_to_those_of_all_that_it_is_below() {
    let hosts = [
        Some("a.shop.example"),
        Some("*.shop.example"),
        Some("*.example"),
        Some("shop.example"),
        None,
    ];
    let path = path("/**");
    let entry = |host| Entry {
        host,
        ..anywhere(&path)
    };
    let tree = Tree::new(hosts.map(entry));
    let find = |host| tree.find(host, &[], None);
    assert_eq!(find("a.shop.example"), [0, 1, 2, 4]);
    assert_eq!(find("b.a.shop.example"), [1, 2, 4]);
    assert_eq!(find("shop.example"), [2, 3, 4]);
    assert_eq!(find("example"), [4]);
    assert_eq!(find("ashop.example"), [2, 4]);
}

#[test]
fn of_many_routes_of_one_path_only_those_are_looked_at_whose_header_is_said() {
    let path = path("/**");
    let request = || Box::new(Expr::Context(Context::Request));
    let headers = || Box::new(Expr::Field(request(), "headers".into()));
    let condition = |tenant: usize| {
        let header = Expr::Index(headers(), Box::new(Expr::Constant(Value::string("x-tenant"))));
        let tenant = Expr::Constant(Value::string(&format!("t{tenant}")));
        Expr::Binary(Binary::Equal, Box::new(header), Box::new(tenant))
    };
    let mut conditions: Vec<Option<Expr>> = (0..1_000).map(|tenant| Some(condition(tenant))).collect();
    conditions.push(None);
    let tree = Tree::new(conditions.iter().map(|condition| Entry {
        host: None,
        path: &path,
        condition: condition.as_ref(),
    }));
    let find = |said: Option<&str>| {
        let says = |part: Part<'_>| {
            assert_eq!(part, Part::Header("x-tenant"));
            said.map(str::to_owned)
        };
        tree.find("", &[], Some(&says))
    };
    assert_eq!(find(Some("t7")), [7, 1_000]);
    assert_eq!(find(Some("else")), [1_000]);
    assert_eq!(find(None), [1_000]);
    assert_eq!(tree.find("", &[], None).len(), 1_001);
}

#[test]
fn all_routes_whose_path_fits_are_found_in_their_order() {
    let paths = [
        "/orders/new",
        "/orders/{id}",
        "/orders/*/items",
        "/orders/**",
        "/**",
    ];
    assert_eq!(found(&paths, "/orders/new"), [0, 1, 3, 4]);
    assert_eq!(found(&paths, "/orders/7"), [1, 3, 4]);
    assert_eq!(found(&paths, "/orders/7/items"), [2, 3, 4]);
    assert_eq!(found(&paths, "/orders"), [3, 4]);
    assert_eq!(found(&paths, "/else"), [4]);
}

#[test]
fn the_slash_at_the_end_of_a_path_is_no_name() {
    assert_eq!(found(&["/orders/{id}", "/orders/**", "/orders"], "/orders/"), [1]);
}

#[test]
fn parameters_are_those_of_the_path_in_their_order() {
    let of = |pattern: &str, asked: &str| parameters(&path(pattern), &segments(asked));
    assert_eq!(of("/a/{x}/*/{y}/**", "/a/1/2/3/4/5"), ["1", "3"]);
}

/// Slow and plain: each route by itself.
fn fits(path: &[Segment], segments: &[String]) -> bool {
    match (path.first(), segments.first()) {
        (Some(Segment::Rest), _) | (None, None) => true,
        (Some(Segment::Literal(text)), Some(segment)) if text == segment => fits(&path[1..], &segments[1..]),
        (Some(Segment::Any | Segment::Param(_)), Some(segment)) if !segment.is_empty() => {
            fits(&path[1..], &segments[1..])
        }
        _ => false,
    }
}

#[test]
fn the_tree_finds_what_a_look_at_every_route_finds() {
    let source = crate::decide::chance::Source::new(11);
    let below = |end: u64| crate::decide::chance::below(&mut || source.draw(), end);
    for _ in 0..2_000 {
        let paths: Vec<Vec<Segment>> = (0..below(12))
            .map(|_| {
                let mut path: Vec<Segment> = (0..below(4))
                    .map(|_| match below(4) {
                        0 => Segment::Any,
                        1 => Segment::Param("p".into()),
                        other => Segment::Literal(format!("s{other}")),
                    })
                    .collect();
                if below(3) == 0 {
                    path.push(Segment::Rest);
                }
                path
            })
            .collect();
        let asked: Vec<String> = (0..below(5))
            .map(|_| match below(5) {
                0 => String::new(),
                other => format!("s{other}"),
            })
            .collect();
        let tree = Tree::new(paths.iter().map(|path| anywhere(path)));
        let slow: Vec<u32> = (0..)
            .zip(&paths)
            .filter(|(_, path)| fits(path, &asked))
            .map(|(at, _)| at)
            .collect();
        assert_eq!(tree.find("", &asked, None), slow, "{asked:?} in {paths:?}");
    }
}
