//! The table of Consul says what is done.

use crate::istio::table::{SAID, is_what_is_done};
use flowmesh_kubernetes::Target;

#[test]
fn the_table_of_consul_is_what_is_done() {
    let attempt = "timeout: { attempt: 1s, total: 2s }\n  retry: { attempts: 2, on: [connect] }";
    for (setting, said) in SAID.into_iter().chain([("timeout.attempt", attempt)]) {
        is_what_is_done(Target::Consul, setting, said);
    }
}
