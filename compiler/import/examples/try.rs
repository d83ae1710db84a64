fn main() {
    let inputs: Vec<flowmesh_import::Input> = std::env::args()
        .skip(1)
        .map(|n| flowmesh_import::Input {
            text: std::fs::read_to_string(&n).unwrap(),
            name: n,
        })
        .collect();
    let r = flowmesh_import::import(&inputs, None);
    println!("{}", r.text.unwrap_or_default());
    for d in r.found.sorted() {
        println!(
            "{:?} {} {} {}",
            d.severity,
            d.code,
            r.sources.place(d.span),
            d.message
        );
    }
}
