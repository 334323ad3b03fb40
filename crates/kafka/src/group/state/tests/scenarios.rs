//! Kafka's rules one by one.

use super::*;

#[test]
fn a_lone_member_forms_a_generation_and_gets_what_it_assigns() {
    let mut rig = Rig::new(GroupRules::default());
    let ticket = rig.join("");
    let joined = rig.joined(ticket);
    assert_eq!(
        (joined.generation, joined.protocol.as_deref()),
        (1, Some("range"))
    );
    assert_eq!(joined.leader, joined.member_id);
    assert_eq!(joined.members.len(), 1);
    let ticket = rig.sync(
        &joined.member_id,
        1,
        &[(&joined.member_id, "all"), ("stranger", "x")],
    );
    assert_eq!(rig.part(ticket), Ok("all".into()));
    assert_eq!(rig.log.last().map(|s| s.members.len()), Some(1));
}

#[test]
fn followers_wait_for_the_leader_and_every_member_learns_its_own_part() {
    let (mut rig, ids, generation) = Rig::stable(3);
    // A fourth one comes: everybody must rejoin.
    let newcomer = rig.join("");
    for id in &ids {
        assert_eq!(
            rig.beat(id, generation),
            Err(GroupError::RebalanceInProgress)
        );
    }
    let tickets: Vec<_> = ids.iter().map(|id| rig.join(id)).collect();
    let generation = generation + 1;
    let new_id = rig.joined(newcomer).member_id;
    assert_eq!(rig.joined(tickets[0]).members.len(), 4);
    assert!(
        tickets[1..]
            .iter()
            .all(|ticket| rig.joined(*ticket).members.is_empty())
    );
    let follower = rig.sync(&new_id, generation, &[]);
    assert!(
        !rig.syncs.contains_key(&follower),
        "the leader has not assigned yet"
    );
    rig.sync(&ids[0], generation, &[(&new_id, "its part")]);
    assert_eq!(rig.part(follower), Ok("its part".into()));
    // The leader forgot the others: they get nothing, not an error.
    let forgotten = rig.sync(&ids[1], generation, &[]);
    assert_eq!(rig.part(forgotten), Ok(String::new()));
}

#[test]
fn an_id_is_asked_for_and_lapses_when_unused() {
    let mut rig = Rig::new(GroupRules::default());
    let mut request = rig.request("", &["range"]);
    request.id_required = true;
    let ticket = rig.send(request.clone());
    let refused = rig.joins[&ticket].clone().expect_err("an id first");
    assert_eq!(refused.error, GroupError::MemberIdRequired);
    assert_eq!(rig.group.phase(), Phase::Empty);
    assert!(!rig.group.is_deserted());
    let ticket = rig.join(&refused.member_id);
    assert_eq!(rig.joined(ticket).member_id, refused.member_id);

    request.fresh_member_id = Arc::from("late");
    rig.send(request);
    rig.pass(i64::from(SESSION_MS) + 1);
    let ticket = rig.join("late");
    assert_eq!(rig.refusal(ticket), GroupError::UnknownMember);
}

#[test]
fn the_first_rebalance_waits_and_each_newcomer_extends_the_wait() {
    let rules = GroupRules {
        initial_rebalance_delay_ms: 3000,
        ..GroupRules::default()
    };
    let mut rig = Rig::new(rules);
    let first = rig.join("");
    rig.pass(2000);
    let second = rig.join("");
    rig.pass(1001);
    assert!(rig.joins.is_empty(), "extended by the second member");
    rig.pass(2998);
    assert!(rig.joins.is_empty());
    rig.pass(1);
    assert_eq!(rig.joined(first).generation, 1);
    assert_eq!(rig.joined(second).generation, 1);
    assert_eq!(
        rig.joined(first).members.len() + rig.joined(second).members.len(),
        2
    );
}

#[test]
fn the_extension_ends_with_the_rebalance_timeout() {
    let rules = GroupRules {
        initial_rebalance_delay_ms: 3000,
        ..GroupRules::default()
    };
    let mut rig = Rig::new(rules);
    for _ in 0..8 {
        let mut request = rig.request("", &["range"]);
        request.rebalance_timeout_ms = 7000;
        rig.send(request);
        rig.pass(1000);
    }
    assert_eq!(rig.joins.len(), 7, "3000 + 3000 + 1000, then no more");
    assert_eq!(rig.group.generation(), 1);
}

#[test]
fn who_does_not_rejoin_in_time_is_out() {
    let (mut rig, ids, generation) = Rig::stable(3);
    let tickets = [rig.join(&ids[0]), rig.join(&ids[1])];
    let mut passed_ms = 0;
    while passed_ms < i64::from(REBALANCE_MS) {
        assert!(!rig.joins.contains_key(&tickets[0]));
        let _ = rig.beat(&ids[2], generation);
        rig.pass(5000);
        passed_ms += 5000;
    }
    assert_eq!(rig.joined(tickets[0]).members.len(), 2);
    assert_eq!(
        rig.beat(&ids[2], generation),
        Err(GroupError::UnknownMember)
    );
}

#[test]
fn who_falls_silent_is_out() {
    let (mut rig, ids, generation) = Rig::stable(2);
    rig.pass(6000);
    assert_eq!(rig.beat(&ids[0], generation), Ok(()));
    rig.pass(4001);
    assert_eq!(
        rig.beat(&ids[0], generation),
        Err(GroupError::RebalanceInProgress)
    );
    let ticket = rig.join(&ids[0]);
    assert_eq!(rig.joined(ticket).members.len(), 1);
}

#[test]
fn who_never_fetches_its_part_is_out() {
    let mut rig = Rig::new(GroupRules::default());
    let first = rig.join("");
    let first = rig.joined(first).member_id;
    let second = rig.join("");
    rig.join(&first);
    let second = rig.joined(second).member_id;
    rig.sync(&first, 2, &[]);
    assert_eq!(rig.group.phase(), Phase::Stable);
    for _ in 0..12 {
        rig.pass(5000);
        let _ = rig.beat(&first, 2);
        let _ = rig.beat(&second, 2);
    }
    assert_eq!(rig.beat(&first, 2), Err(GroupError::RebalanceInProgress));
    assert_eq!(rig.beat(&second, 2), Err(GroupError::UnknownMember));
}

#[test]
fn a_newcomer_that_never_got_an_answer_is_not_waited_for() {
    let (mut rig, ids, generation) = Rig::stable(1);
    let mut patient = rig.request(&ids[0], &["range"]);
    patient.rebalance_timeout_ms = i32::MAX;
    let first = rig.send(patient);
    rig.sync(&ids[0], rig.joined(first).generation, &[]);
    let newcomer = rig.join("");
    for _ in 0..59 {
        rig.pass(5000);
        assert_eq!(
            rig.beat(&ids[0], generation + 1),
            Err(GroupError::RebalanceInProgress)
        );
    }
    assert!(!rig.joins.contains_key(&newcomer));
    rig.pass(5001);
    assert_eq!(rig.refusal(newcomer), GroupError::UnknownMember);
}

#[test]
fn a_group_that_everybody_left_is_empty_and_remembers_its_kind() {
    let (mut rig, ids, generation) = Rig::stable(2);
    assert_eq!(rig.group.may_be_deleted(), Err(GroupError::NotEmpty));
    rig.pass(100);
    assert_eq!(rig.leave(&ids[0]), Ok(()));
    assert_eq!(rig.leave(&ids[0]), Err(GroupError::UnknownMember));
    assert_eq!(rig.leave(&ids[1]), Ok(()));
    assert_eq!(rig.group.phase(), Phase::Empty);
    assert_eq!(rig.group.may_be_deleted(), Ok(()));
    let last = rig.log.last().expect("stored");
    assert!(last.members.is_empty() && last.generation > generation);
    assert_eq!(last.protocol_type.as_deref(), Some("consumer"));
    assert_eq!(rig.group.expiry_base(), ExpiryBase::Since(100));
}

#[test]
fn requests_of_the_wrong_member_or_time_are_refused() {
    let (mut rig, ids, generation) = Rig::stable(2);
    assert_eq!(
        rig.beat("nobody", generation),
        Err(GroupError::UnknownMember)
    );
    assert_eq!(
        rig.beat(&ids[0], generation - 1),
        Err(GroupError::IllegalGeneration)
    );
    let ticket = rig.sync(&ids[0], generation + 1, &[]);
    assert_eq!(rig.part(ticket), Err(GroupError::IllegalGeneration));
    let ticket = rig.join("nobody");
    assert_eq!(rig.refusal(ticket), GroupError::UnknownMember);
    for (kind, protocols) in [
        ("consumer", &["sticky"][..]),
        ("connect", &["range"]),
        ("", &[]),
    ] {
        let mut request = rig.request("", protocols);
        request.protocol_type = Arc::from(kind);
        let ticket = rig.send(request);
        assert_eq!(
            rig.refusal(ticket),
            GroupError::InconsistentProtocol,
            "{kind} {protocols:?}"
        );
    }
    let sync = |kind: Option<&str>, protocol: Option<&str>| SyncRequest {
        member_id: Arc::from(ids[0].as_str()),
        instance_id: None,
        generation,
        protocol_type: kind.map(Arc::from),
        protocol: protocol.map(Arc::from),
        assignments: Vec::new(),
    };
    for (kind, protocol, fits) in [
        (Some("consumer"), Some("range"), true),
        (None, None, true),
        (Some("connect"), Some("range"), false),
        (Some("consumer"), Some("sticky"), false),
    ] {
        let ticket = rig.send_sync(sync(kind, protocol));
        assert_eq!(rig.part(ticket).is_ok(), fits, "{kind:?} {protocol:?}");
    }
    rig.join(&ids[0]);
    let ticket = rig.sync(&ids[1], generation, &[]);
    assert_eq!(rig.part(ticket), Err(GroupError::RebalanceInProgress));
}

#[test]
fn the_protocol_is_what_all_offer_and_most_prefer() {
    for (offers, chosen) in [
        (&[&["a", "b"][..], &["b", "a"], &["b", "a"]][..], Some("b")),
        (&[&["a", "b"], &["b"], &["a", "b"]], Some("b")),
        (&[&["a", "a", "b"], &["b"]], Some("b")),
        (&[&["a"], &["b"]], None),
    ] {
        let rules = GroupRules {
            initial_rebalance_delay_ms: 10,
            ..GroupRules::default()
        };
        let mut rig = Rig::new(rules);
        let mut last = Ticket(0);
        for offer in offers {
            let request = rig.request("", offer);
            last = rig.send(request);
        }
        rig.pass(30);
        match chosen {
            Some(name) => assert_eq!(rig.joined(last).protocol.as_deref(), Some(name)),
            None => assert_eq!(rig.refusal(last), GroupError::InconsistentProtocol),
        }
    }
}

#[test]
fn a_follower_that_brings_nothing_new_rejoins_without_a_rebalance() {
    let (mut rig, ids, generation) = Rig::stable(2);
    let ticket = rig.join(&ids[1]);
    assert_eq!(rig.joined(ticket).generation, generation);
    assert_eq!(rig.group.phase(), Phase::Stable);
    let changed = rig.request(&ids[1], &["range", "sticky"]);
    rig.send(changed);
    assert_eq!(rig.group.phase(), Phase::PreparingRebalance);

    let (mut rig, ids, _) = Rig::stable(2);
    rig.join(&ids[0]);
    assert_eq!(
        rig.group.phase(),
        Phase::PreparingRebalance,
        "the leader may ask for one"
    );
}

#[test]
fn a_repeated_join_or_sync_takes_the_place_of_the_first() {
    let (mut rig, ids, generation) = Rig::stable(2);
    let given_up = rig.join(&ids[0]);
    let repeated = rig.join(&ids[0]);
    assert_eq!(rig.refusal(given_up), GroupError::RebalanceInProgress);
    rig.join(&ids[1]);
    assert_eq!(rig.joined(repeated).generation, generation + 1);
    let given_up = rig.sync(&ids[1], generation + 1, &[]);
    let repeated = rig.sync(&ids[1], generation + 1, &[]);
    assert_eq!(rig.part(given_up), Err(GroupError::RebalanceInProgress));
    rig.sync(&ids[0], generation + 1, &[(&ids[1], "b")]);
    assert_eq!(rig.part(repeated), Ok("b".into()));
}

#[test]
fn a_static_member_comes_back_without_a_rebalance() {
    for (skips, leads) in [(true, true), (true, false), (false, true), (false, false)] {
        let (mut rig, ids, generation) = static_pair();
        let (name, old) = if leads {
            ("one", &ids[0])
        } else {
            ("two", &ids[1])
        };
        let mut request = rig.request("", &["range"]);
        request.instance_id = Some(Arc::from(name));
        request.may_skip_assignment = skips;
        let back = rig.send(request);
        let back = rig.joined(back);
        assert_eq!(rig.group.phase(), Phase::Stable);
        assert_eq!(back.generation, generation);
        assert_ne!(*back.member_id, **old);
        assert_eq!(back.skip_assignment, skips && leads);
        assert_eq!(back.members.len(), if skips && leads { 2 } else { 0 });
        assert_eq!(back.leader == back.member_id, skips && leads);
        let ticket = rig.sync(&back.member_id, generation, &[]);
        assert_eq!(rig.part(ticket), Ok(name.into()), "it keeps its part");
        let fenced = rig
            .group
            .heartbeat(old, Some(&Arc::from(name)), generation, rig.now_ms);
        assert_eq!(fenced, Err(GroupError::FencedInstance));
        assert!(rig.log.last().is_some_and(|s| {
            s.members
                .iter()
                .any(|m| m.member_id == back.member_id && *m.assignment == *name.as_bytes())
        }));
    }
}

#[test]
fn a_static_members_return_is_taken_back_when_it_cannot_be_stored() {
    let (mut rig, ids, generation) = static_pair();
    rig.stores = false;
    let back = rig.join_static("", "two");
    assert!(!rig.joins.contains_key(&back), "not before it is stored");
    rig.finish_store(Err(GroupError::NotCoordinator));
    assert_eq!(rig.refusal(back), GroupError::NotCoordinator);
    assert_eq!(
        rig.beat(&ids[1], generation),
        Ok(()),
        "the old id is good again"
    );
}

#[test]
fn a_static_member_with_other_protocols_causes_a_rebalance() {
    let mut rig = Rig::new(GroupRules::default());
    let mut request = rig.request("", &["a", "b"]);
    request.instance_id = Some(Arc::from("one"));
    let ticket = rig.send(request);
    let id = rig.joined(ticket).member_id;
    rig.sync(&id, 1, &[(&id, "x")]);
    let mut request = rig.request("", &["b", "a"]);
    request.instance_id = Some(Arc::from("one"));
    let ticket = rig.send(request);
    assert_eq!(rig.joined(ticket).generation, 2);
    assert_eq!(rig.joined(ticket).protocol.as_deref(), Some("b"));
}

#[test]
fn static_members_stay_through_a_rebalance_until_their_session_ends() {
    let (mut rig, ids, generation) = static_pair();
    // The leader asks for a rebalance, the other one is away.
    let ticket = rig.join_static(&ids[0], "one");
    rig.pass(i64::from(SESSION_MS) + 1);
    assert_eq!(
        rig.joined(ticket).members.len(),
        1,
        "its session ended before the rebalance timeout"
    );
    assert_eq!(rig.joined(ticket).generation, generation + 1);
}

#[test]
fn an_administrator_removes_static_members_by_name() {
    let (mut rig, _, _) = static_pair();
    let leaver = |id: &str, name: &str| Leaver {
        member_id: Arc::from(id),
        instance_id: Some(Arc::from(name)),
    };
    let mut out = Vec::new();
    let leavers = [
        leaver("", "one"),
        leaver("", "nobody"),
        leaver("stale", "two"),
    ];
    let outcomes = rig.group.leave(&leavers, 0, &mut out);
    rig.take(out);
    assert_eq!(
        outcomes,
        [
            Ok(()),
            Err(GroupError::UnknownMember),
            Err(GroupError::FencedInstance)
        ]
    );
    assert_eq!(rig.group.phase(), Phase::PreparingRebalance);
}

#[test]
fn a_full_group_sends_newcomers_away() {
    let mut rig = Rig::new(GroupRules {
        max_members: 1,
        ..GroupRules::default()
    });
    let first = rig.join("");
    let id = rig.joined(first).member_id;
    let second = rig.join("");
    assert_eq!(rig.refusal(second), GroupError::GroupFull);
    rig.sync(&id, 1, &[]);
    let again = rig.join(&id);
    assert_eq!(rig.joined(again).generation, 2);
}

#[test]
fn an_assignment_that_cannot_be_stored_is_never_handed_out() {
    let (mut rig, ids, generation) = Rig::stable(1);
    rig.join(&ids[0]);
    rig.stores = false;
    let ticket = rig.sync(&ids[0], generation + 1, &[(&ids[0], "x")]);
    assert!(!rig.syncs.contains_key(&ticket));
    rig.finish_store(Err(GroupError::NotAvailable));
    assert_eq!(rig.part(ticket), Err(GroupError::NotAvailable));
    assert_eq!(rig.group.phase(), Phase::PreparingRebalance);
    let ticket = rig.join(&ids[0]);
    assert_eq!(rig.joined(ticket).generation, generation + 2);
}

#[test]
fn an_assignment_of_an_overtaken_generation_is_dropped() {
    let (mut rig, ids, generation) = Rig::stable(2);
    rig.join(&ids[0]);
    rig.join(&ids[1]);
    rig.stores = false;
    let leader = rig.sync(&ids[0], generation + 1, &[]);
    let follower = rig.sync(&ids[1], generation + 1, &[]);
    rig.join("");
    assert_eq!(rig.part(leader), Err(GroupError::RebalanceInProgress));
    assert_eq!(rig.part(follower), Err(GroupError::RebalanceInProgress));
    rig.finish_store(Ok(()));
    assert_eq!(rig.group.phase(), Phase::PreparingRebalance);
}

#[test]
fn who_may_commit_offsets() {
    let mut rig = Rig::new(GroupRules::default());
    assert_eq!(
        rig.group.may_commit("", None, -1, 0),
        Ok(()),
        "simple consumer"
    );
    assert_eq!(
        rig.group.may_commit("x", None, 3, 0),
        Err(GroupError::UnknownMember)
    );
    let (mut rig, ids, generation) = Rig::stable(2);
    let group = &mut rig.group;
    assert_eq!(group.may_commit(&ids[0], None, generation, 0), Ok(()));
    assert_eq!(
        group.may_commit("", None, -1, 0),
        Err(GroupError::UnknownMember)
    );
    assert_eq!(
        group.may_commit(&ids[0], None, -1, 0),
        Err(GroupError::IllegalGeneration)
    );
    assert_eq!(
        group.may_commit(&ids[0], None, 99, 0),
        Err(GroupError::IllegalGeneration)
    );
    rig.join(&ids[0]);
    assert_eq!(
        rig.group.may_commit(&ids[1], None, generation, 0),
        Ok(()),
        "before it rejoins"
    );
    rig.join(&ids[1]);
    let early = rig.group.may_commit(&ids[1], None, generation + 1, 0);
    assert_eq!(early, Err(GroupError::RebalanceInProgress));
}

#[test]
fn a_restored_group_goes_on_where_it_was() {
    let (rig, ids, generation) = Rig::stable(2);
    let snapshot = rig.log.last().expect("stored").clone();
    let mut rig = Rig::of(GroupState::restore(GroupRules::default(), snapshot, 5000));
    rig.now_ms = 5000;
    assert_eq!(rig.group.phase(), Phase::Stable);
    assert_eq!(rig.beat(&ids[1], generation), Ok(()));
    let ticket = rig.sync(&ids[1], generation, &[]);
    assert_eq!(rig.part(ticket), Ok(ids[1].clone()));
    assert!(rig.group.is_subscribed("t") && !rig.group.is_subscribed("u"));
    // The other one is never heard of again.
    rig.pass(9999);
    assert_eq!(rig.beat(&ids[1], generation), Ok(()));
    rig.pass(2);
    assert_eq!(
        rig.beat(&ids[1], generation),
        Err(GroupError::RebalanceInProgress)
    );
}

#[test]
fn subscriptions_decide_what_may_be_deleted() {
    let (rig, _, _) = Rig::stable(1);
    assert_eq!(rig.group.may_delete_offsets(), Ok(()));
    assert!(rig.group.is_subscribed("t") && !rig.group.is_subscribed("other"));
    assert_eq!(rig.group.expiry_base(), ExpiryBase::Commit);

    let mut rig = Rig::new(GroupRules::default());
    let mut request = rig.request("", &["range"]);
    request.protocol_type = Arc::from("connect");
    rig.send(request);
    assert_eq!(rig.group.may_delete_offsets(), Err(GroupError::NotEmpty));
    assert_eq!(rig.group.expiry_base(), ExpiryBase::Never);
}

#[test]
fn a_closing_group_answers_everybody() {
    let (mut rig, ids, generation) = Rig::stable(3);
    let waits = [rig.join(&ids[0]), rig.join(&ids[1])];
    let mut out = Vec::new();
    rig.group.close(GroupError::NotCoordinator, &mut out);
    for action in out {
        match action {
            Action::Join(ticket, Err(refusal)) => {
                assert!(waits.contains(&ticket) && refusal.error == GroupError::NotCoordinator);
            }
            other => panic!("{other:?}"),
        }
    }
    let _ = generation;
}

/// Two static members, "one" leading, each with its name as its part.
fn static_pair() -> (Rig, Vec<String>, i32) {
    let mut rig = Rig::new(GroupRules::default());
    let first = rig.join_static("", "one");
    let one = rig.joined(first).member_id;
    let second = rig.join_static("", "two");
    rig.join_static(&one, "one");
    let two = rig.joined(second).member_id;
    rig.sync(&one, 2, &[(&one, "one"), (&two, "two")]);
    rig.sync(&two, 2, &[]);
    (rig, vec![one.to_string(), two.to_string()], 2)
}
