//! The ten-step flow on Restate: ten durable steps, each a PUT that the service at `STEPS_URL` answers.
//!
//! `ten-on-restate STEPS_URL` prints the address that it serves the flow at.

use http_body_util::{BodyExt, Full};
use hyper::{Request, Uri, body::Bytes, server::conn::http2};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use restate_sdk::{hyper::HyperEndpoint, prelude::*};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

struct Ten {
    client: Client<HttpConnector, Full<Bytes>>,
    steps: Uri,
}

#[derive(Serialize, Deserialize)]
struct Body {
    number: u64,
}

#[service]
impl Ten {
    #[handler]
    async fn run(&self, context: Context<'_>, number: u64) -> Result<u64, HandlerError> {
        let mut number = number;
        for _ in 0..10 {
            number = context.run(|| self.take(number)).name("take").await?;
        }
        Ok(number)
    }
}

impl Ten {
    async fn take(&self, number: u64) -> Result<u64, HandlerError> {
        let body = serde_json::to_vec(&Body { number })?;
        let request = Request::put(self.steps.clone())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))?;
        let reply = self.client.request(request).await?;
        if !reply.status().is_success() {
            return Err(TerminalError::new(format!("the service answered {}", reply.status())).into());
        }
        let reply = reply.into_body().collect().await?.to_bytes();
        Ok(serde_json::from_slice::<Body>(&reply)?.number)
    }
}

#[tokio::main]
async fn main() {
    let steps = std::env::args().nth(1).expect("STEPS_URL is missing");
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let ten = Ten {
        client: Client::builder(TokioExecutor::new()).build(connector),
        steps: steps.parse().expect("STEPS_URL is no URL"),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("no port is free");
    println!("{}", listener.local_addr().expect("a listener has an address"));
    let endpoint = HyperEndpoint::new(Endpoint::builder().bind(ten).build());
    loop {
        let (stream, _) = listener.accept().await.expect("no connection");
        // The SDK's own `HttpServer` does all but this, and a step alone takes 40 ms there, for its small frames wait to be acknowledged.
        stream.set_nodelay(true).expect("no option of sockets");
        let serving = http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), endpoint.clone());
        tokio::spawn(serving);
    }
}
