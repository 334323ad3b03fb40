//! Random clients against the invariants.
//!
//! Each simulated client follows the protocol as real ones do, but steps in any order, with clients that die,
//! come back, forget, repeat themselves, and with a log that is slow or fails. After the storm everything heals:
//! then all living clients must share one stable generation, and no answer may be missing.

use proptest::prelude::*;

use super::*;

const CLIENTS: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    /// The client does what comes next for it.
    Advance(usize),
    /// It sends its last request again, over another connection.
    Repeat(usize),
    /// It dies without a word, forgetting its id.
    Die(usize),
    /// It leaves properly, perhaps while it waits for an answer elsewhere.
    Leave(usize),
    /// It offers something else from now on.
    Change(usize, bool),
    Pass(i64),
    Store(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let client = 0..CLIENTS;
    prop_oneof![
        12 => client.clone().prop_map(Step::Advance),
        2 => client.clone().prop_map(Step::Repeat),
        1 => client.clone().prop_map(Step::Die),
        1 => client.clone().prop_map(Step::Leave),
        1 => (client, any::<bool>()).prop_map(|(client, both)| Step::Change(client, both)),
        2 => (0..8000i64).prop_map(Step::Pass),
        4 => prop::bool::weighted(0.9).prop_map(Step::Store),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Doing {
    Nothing,
    Joining(Ticket),
    Joined,
    Syncing(Ticket),
    Working,
}

struct Client {
    id: String,
    name: Option<Arc<str>>,
    asks_id: bool,
    both: bool,
    doing: Doing,
    generation: i32,
    leads: Option<Vec<Arc<str>>>,
    abandoned: Vec<Ticket>,
}

struct World {
    rig: Rig,
    clients: Vec<Client>,
    /// Leader by generation.
    leaders: BTreeMap<i32, Arc<str>>,
}

impl World {
    fn new(delay_ms: i32) -> Self {
        let rules = GroupRules {
            initial_rebalance_delay_ms: delay_ms,
            ..GroupRules::default()
        };
        let mut rig = Rig::new(rules);
        rig.stores = false;
        let clients = (0..CLIENTS)
            .map(|n| Client {
                id: String::new(),
                name: (n < 2).then(|| Arc::from(format!("static-{n}"))),
                asks_id: n % 2 == 0,
                both: true,
                doing: Doing::Nothing,
                generation: -1,
                leads: None,
                abandoned: Vec::new(),
            })
            .collect();
        Self {
            rig,
            clients,
            leaders: BTreeMap::new(),
        }
    }

    fn send_join(&mut self, n: usize) {
        let client = &self.clients[n];
        let protocols: &[&str] = if client.both {
            &["range", "sticky"]
        } else {
            &["range"]
        };
        let mut request = self.rig.request(&client.id, protocols);
        request.instance_id = client.name.clone();
        request.id_required = client.asks_id;
        let ticket = self.rig.send(request);
        self.clients[n].doing = Doing::Joining(ticket);
    }

    fn send_sync(&mut self, n: usize) {
        let client = &self.clients[n];
        let request = SyncRequest {
            member_id: Arc::from(client.id.as_str()),
            instance_id: client.name.clone(),
            generation: client.generation,
            protocol_type: Some(Arc::from("consumer")),
            protocol: None,
            assignments: client
                .leads
                .iter()
                .flatten()
                .map(|id| {
                    (
                        id.clone(),
                        Bytes::from(format!("{id}/{}", client.generation)),
                    )
                })
                .collect(),
        };
        let ticket = self.rig.send_sync(request);
        self.clients[n].doing = Doing::Syncing(ticket);
    }

    fn advance(&mut self, n: usize) {
        match self.clients[n].doing {
            Doing::Nothing => self.send_join(n),
            Doing::Joining(ticket) => {
                let Some(answer) = self.rig.joins.get(&ticket).cloned() else {
                    return;
                };
                self.take_join(n, answer);
            }
            Doing::Joined => self.send_sync(n),
            Doing::Syncing(ticket) => {
                let Some(answer) = self.rig.syncs.get(&ticket).cloned() else {
                    return;
                };
                match answer {
                    Ok(synced) => {
                        let part = String::from_utf8(synced.assignment.to_vec()).expect("text");
                        let client = &self.clients[n];
                        if let Some((id, generation)) = part.split_once('/') {
                            assert_eq!(
                                generation,
                                client.generation.to_string(),
                                "of another time"
                            );
                            // A static member inherits the part of its predecessor.
                            assert!(id == client.id || client.name.is_some(), "somebody else's");
                        }
                        self.clients[n].doing = Doing::Working;
                    }
                    Err(error) => self.fail(n, error),
                }
            }
            Doing::Working => {
                let client = &self.clients[n];
                let (id, name, generation) =
                    (client.id.clone(), client.name.clone(), client.generation);
                let outcome =
                    self.rig
                        .group
                        .heartbeat(&id, name.as_ref(), generation, self.rig.now_ms);
                self.rig.group.check();
                if let Err(error) = outcome {
                    self.fail(n, error);
                }
            }
        }
    }

    fn take_join(&mut self, n: usize, answer: JoinAnswer) {
        match answer {
            Ok(joined) => {
                if !joined.members.is_empty() {
                    assert_eq!(joined.leader, joined.member_id);
                    let leader = self
                        .leaders
                        .entry(joined.generation)
                        .or_insert_with(|| joined.leader.clone());
                    assert!(
                        *leader == joined.leader || self.clients[n].name.is_some(),
                        "two leaders"
                    );
                }
                assert!(
                    joined.generation >= self.clients[n].generation,
                    "back in time"
                );
                let client = &mut self.clients[n];
                client.id = joined.member_id.to_string();
                client.generation = joined.generation;
                client.leads = (!joined.skip_assignment && !joined.members.is_empty())
                    .then(|| joined.members.iter().map(|m| m.member_id.clone()).collect());
                client.doing = Doing::Joined;
            }
            Err(refusal) => {
                if refusal.error == GroupError::MemberIdRequired {
                    assert!(!refusal.member_id.is_empty());
                    self.clients[n].id = refusal.member_id.to_string();
                    self.clients[n].doing = Doing::Nothing;
                } else {
                    self.fail(n, refusal.error);
                }
            }
        }
    }

    fn fail(&mut self, n: usize, error: GroupError) {
        let client = &mut self.clients[n];
        client.doing = Doing::Nothing;
        client.leads = None;
        match error {
            // A real one would stop when fenced; here it starts over as another process of that name.
            GroupError::UnknownMember | GroupError::FencedInstance => {
                client.id.clear();
                client.generation = -1;
            }
            GroupError::IllegalGeneration => client.generation = -1,
            GroupError::RebalanceInProgress | GroupError::NotAvailable => {}
            other => panic!("client {n} got {other:?}"),
        }
    }

    fn act(&mut self, step: &Step) {
        match *step {
            Step::Advance(n) => self.advance(n),
            Step::Repeat(n) => match self.clients[n].doing {
                Doing::Joining(ticket) => {
                    self.clients[n].abandoned.push(ticket);
                    self.send_join(n);
                }
                Doing::Syncing(ticket) => {
                    self.clients[n].abandoned.push(ticket);
                    self.send_sync(n);
                }
                Doing::Nothing | Doing::Joined | Doing::Working => {}
            },
            Step::Die(n) => {
                let client = &mut self.clients[n];
                client.id.clear();
                client.generation = -1;
                client.doing = Doing::Nothing;
            }
            Step::Leave(n) => {
                let id = self.clients[n].id.clone();
                if !id.is_empty() {
                    let _ = self.rig.leave(&id);
                    self.act(&Step::Die(n));
                }
            }
            Step::Change(n, both) => self.clients[n].both = both,
            Step::Pass(ms) => self.rig.pass(ms),
            Step::Store(fine) => {
                self.rig.finish_store(if fine {
                    Ok(())
                } else {
                    Err(GroupError::NotAvailable)
                });
            }
        }
    }

    /// Everything works again: all must come to rest together.
    fn settle(&mut self) {
        let mut calm = 0;
        for _ in 0..4000 {
            while self.rig.finish_store(Ok(())) {}
            for n in 0..CLIENTS {
                self.advance(n);
            }
            self.rig.pass(1000);
            let first = self.clients[0].generation;
            let rest = self
                .clients
                .iter()
                .all(|c| c.doing == Doing::Working && c.generation == first);
            calm = if rest && self.rig.group.phase() == Phase::Stable {
                calm + 1
            } else {
                0
            };
            if calm > 20 {
                break;
            }
        }
        let doing: Vec<_> = self
            .clients
            .iter()
            .map(|c| (c.doing, c.generation))
            .collect();
        assert!(
            calm > 20,
            "never came to rest: {:?} {doing:?}",
            self.rig.group
        );
        let ids: Vec<_> = self.rig.group.members().map(|m| m.id.to_string()).collect();
        let mut living: Vec<_> = self.clients.iter().map(|c| c.id.clone()).collect();
        living.sort();
        assert_eq!(ids, living);
        let answered = self.rig.joins.len() + self.rig.syncs.len();
        assert_eq!(
            answered as u64, self.rig.next_ticket,
            "every request has its answer"
        );
        let stored = self.rig.log.last().expect("stored");
        assert_eq!(stored.generation, self.rig.group.generation());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_interleaving_keeps_the_invariants_and_heals(
        delay_ms in prop_oneof![Just(0), Just(500)],
        steps in prop::collection::vec(step(), 0..160),
    ) {
        let mut world = World::new(delay_ms);
        for step in &steps {
            world.act(step);
        }
        world.settle();
    }
}
