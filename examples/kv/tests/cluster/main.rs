//! The command line as a user types it: a cluster in one command, its nodes killed and started again, snapshots, members.
//!
//! Faults that need a network of their own are in `tests/rounds`.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod processes;

use std::time::Duration;

use kv::client::Client;
use processes::{Cluster, Process};

fn client(nodes: &[String]) -> Client {
    Client::new(nodes.to_vec(), Duration::from_secs(20))
}

#[tokio::test]
async fn reads_and_writes_from_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(dir.path(), &[]).await;
    // Arguments, standard output, exit code.
    let steps: &[(&[&str], &str, i32)] = &[
        (&["get", "a"], "", 1),
        (&["put", "a", "1"], "", 0),
        (&["get", "a"], "1\n", 0),
        (&["cas", "a", "2", "--expect", "0"], "", 1),
        (&["cas", "a", "2", "--expect", "1"], "", 0),
        (&["cas", "a", "3"], "", 1),
        (&["get", "a"], "2\n", 0),
        (&["delete", "a"], "", 0),
        (&["cas", "a", "3"], "", 0),
        (&["get", "a"], "3\n", 0),
        (&["member", "remove", "9"], "", 0),
        (&["member", "add", "nonsense"], "", 2),
    ];
    for (args, printed, code) in steps {
        let output = cluster.kv(args).await;
        let said = (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            output.status.code(),
        );
        assert_eq!(
            said,
            ((*printed).to_owned(), Some(*code)),
            "{args:?}: {output:?}"
        );
    }
    let long = "k".repeat(kv::Command::KEY_BYTES_MAX + 1);
    let output = cluster.kv(&["put", &long, "v"]).await;
    assert!(String::from_utf8_lossy(&output.stderr).contains("refused: the key has 1025 bytes"));
    let list = cluster.kv(&["member", "list"]).await;
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert_eq!(list.lines().count(), 4, "{list}");
    assert_eq!(list.matches("yes    yes").count(), 1, "one leader: {list}");
    cluster.stop().await;
}

#[tokio::test]
async fn a_killed_leader_is_replaced_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::start(dir.path(), &[]).await;
    let mut client = client(&cluster.addresses());
    client.write(processes::put("a", "1")).await.unwrap();
    let before = client.status().await.unwrap();
    let leader = before.leader.unwrap();
    cluster.kill(leader);
    // The command that it prints for starting the node again works as printed.
    let again = cluster.line_with("kv node").await;
    assert_eq!(processes::read(&mut client, "a").await, "1");
    let others: Vec<String> = cluster.addresses_without(leader);
    client = Client::new(others, Duration::from_secs(20));
    processes::put_surely(&mut client, "a", "2").await;
    let node = Process::node_by_command(&again).await;
    let mut reader = Client::new(vec![node.address.clone()], Duration::from_secs(20));
    assert_eq!(processes::read(&mut reader, "a").await, "2");
    node.kill().await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_cluster_that_was_stopped_goes_on_in_a_new_term() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(dir.path(), &["--nodes", "1"]).await;
    let mut first = client(&cluster.addresses());
    first.write(processes::put("a", "1")).await.unwrap();
    let (before, addresses) = (first.status().await.unwrap(), cluster.addresses());
    cluster.stop().await;
    let cluster = Cluster::start(dir.path(), &[]).await;
    assert_eq!(cluster.addresses(), addresses);
    let mut second = client(&addresses);
    assert_eq!(processes::read(&mut second, "a").await, "1");
    let after = second.status().await.unwrap();
    assert_eq!(after.leader, Some(1));
    assert!(
        after.term > before.term,
        "a leader that was restarted must be elected again"
    );
    cluster.stop().await;
}

#[tokio::test]
async fn a_new_node_gets_a_snapshot_and_takes_the_place_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(dir.path(), &["--snapshot-entries", "20"]).await;
    let mut client = client(&cluster.addresses());
    for number in 0..70 {
        client
            .write(processes::put(&format!("k{number}"), "v"))
            .await
            .unwrap();
    }
    let data = dir.path().join("node-4");
    let node = Process::node(4, &data, &["--snapshot-entries", "20"]).await;
    client.add_member(4, node.address.clone()).await.unwrap();
    let status = Client::new(vec![node.address.clone()], Duration::from_secs(5))
        .status()
        .await;
    let status = status.unwrap();
    assert!(
        status.snapshot_index.is_some(),
        "entries alone cannot have brought it up: {status:?}"
    );
    // Asked of the leader: the new node itself may hear of it a moment later.
    let status = client.status().await.unwrap();
    assert_eq!(status.voters.len(), 4);
    let leader = status.leader.unwrap();
    let gone = [1, 2, 3].into_iter().find(|id| *id != leader).unwrap();
    client.remove_member(gone).await.unwrap();
    assert!(!client.status().await.unwrap().voters.contains_key(&gone));
    for number in 0..70 {
        assert_eq!(
            processes::read(&mut client, &format!("k{number}")).await,
            "v"
        );
    }
    // The new node has the state itself, and keeps it.
    let address = node.address.clone();
    node.kill().await;
    let node = Process::node_at(4, &address, &data, &[]).await;
    let mut local = Client::new(vec![node.address.clone()], Duration::from_secs(5));
    assert_eq!(
        local
            .get("k0", kv::wire::Read::Local)
            .await
            .unwrap()
            .as_deref(),
        Some("v")
    );
}

#[tokio::test]
async fn nodes_do_not_outlive_a_killed_cluster() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(dir.path(), &[]).await;
    let addresses = cluster.addresses();
    cluster.kill_parent().await;
    for address in addresses {
        // A node that ends closes its connections; one that lived on would keep this one open.
        if let Ok(mut stream) = tokio::net::TcpStream::connect(&address).await {
            let mut byte = [0];
            let end = tokio::io::AsyncReadExt::read(&mut stream, &mut byte);
            let end = tokio::time::timeout(processes::PATIENCE, end).await;
            assert!(matches!(end, Ok(Ok(0) | Err(_))), "{address}");
        }
    }
}

#[tokio::test]
async fn wrong_starts_say_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("node");
    Process::node(1, &data, &[]).await.kill().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let data = data.to_str().unwrap();
    let cases: &[(&[&str], &str)] = &[
        (
            &["--id", "2", "--listen", "127.0.0.1:0", "--data", data],
            "belongs to node 1, not to node 2",
        ),
        (
            &["--id", "1", "--listen", &taken, "--data", data],
            "cannot listen at",
        ),
        (
            &[
                "--id",
                "1",
                "--listen",
                "127.0.0.1:0",
                "--data",
                data,
                "--peers",
                "2=h:1",
            ],
            "--peers must name this node too",
        ),
        (
            &[
                "--id",
                "1",
                "--listen",
                "127.0.0.1:0",
                "--data",
                data,
                "--snapshot-entries",
                "0",
            ],
            "at least one entry",
        ),
        (
            &[
                "--id",
                "1",
                "--listen",
                "127.0.0.1:0",
                "--data",
                "/dev/null/x",
            ],
            "/dev/null/x",
        ),
        (
            &[
                "--id",
                "1",
                "--listen",
                "127.0.0.1:0",
                "--data",
                data,
                "--engine",
                "steam",
            ],
            "steam",
        ),
    ];
    for (args, expected) in cases {
        let output = processes::command(&[&["node"], *args].concat())
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains(expected) && output.status.code() == Some(2),
            "{args:?}: {said}"
        );
    }
}
