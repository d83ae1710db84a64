# flowmesh in an image with nothing else: no shell, no packages, nobody's user.
#
#   docker build -t flowmesh:0.1.0 .
#
# `flowmesh compile app.flow --to kubernetes --image flowmesh:0.1.0` writes the pods that run it.
FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package flowmesh

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/flowmesh /usr/local/bin/flowmesh
ENTRYPOINT ["/usr/local/bin/flowmesh"]
