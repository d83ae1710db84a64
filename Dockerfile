# flowmesh in an image with nothing else: no shell, no packages, nobody's user.
#
#   docker build -t flowmesh:0.1.0 .
#   docker build -t flowmesh-operator:0.1.0 --target operator .
#
# `flowmesh compile app.flow --to kubernetes --image flowmesh:0.1.0` writes the pods that run it, and `flowmesh operator install
# --image flowmesh-operator:0.1.0` those of the operator.
FROM docker.io/library/rust:1-bookworm AS build
WORKDIR /src
COPY . .
# Both packages are named both times: what they share then has the same features, and is compiled once for both.
RUN cargo build --release --locked --package flowmesh --package flowmesh-operator --bin flowmesh

FROM build AS build-operator
RUN cargo build --release --locked --package flowmesh --package flowmesh-operator --bin flowmesh-operator

FROM gcr.io/distroless/cc-debian12:nonroot AS operator
COPY --from=build-operator /src/target/release/flowmesh-operator /usr/local/bin/flowmesh-operator
ENTRYPOINT ["/usr/local/bin/flowmesh-operator"]

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/flowmesh /usr/local/bin/flowmesh
ENTRYPOINT ["/usr/local/bin/flowmesh"]
