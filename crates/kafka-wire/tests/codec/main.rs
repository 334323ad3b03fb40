//! The codec against its schemas, against hostile bytes, and against two other implementations.

#[cfg(feature = "java-oracle")]
mod java;
mod oracle;
mod ours;
mod sample;
mod schema;

use kafka_wire::WireError;

use crate::sample::Random;

/// Samples of each version of each message.
pub(crate) const SAMPLES: u64 = 12;

/// Calls `check` with samples of every version of every message; the seed is in the panic text
/// of whatever fails because `check` gets it in `what`.
fn for_each_sample(samples: u64, mut check: impl FnMut(&str, &ours::Codec, i16, &sample::Sample)) {
    for schema in schema::load() {
        let codec = ours::find(&schema.name);
        for version in schema.versions.clone() {
            for seed in 0..samples {
                let sample = sample::message(&schema, version, &mut Random(seed));
                let what = format!("{} version {version} seed {seed}", schema.name);
                check(&what, &codec, version, &sample);
            }
        }
    }
}

#[test]
fn every_message_of_every_version_comes_back_byte_for_byte() {
    let mut checked = 0;
    for_each_sample(SAMPLES, |what, codec, version, sample| {
        assert_eq!(
            (codec.again)(&sample.bytes, version).as_ref(),
            Ok(&sample.bytes),
            "{what}"
        );
        checked += 1;
    });
    assert!(checked > 4000, "{checked}");
}

#[test]
fn defaults_are_those_of_the_schema() {
    for schema in schema::load() {
        let codec = ours::find(&schema.name);
        for version in schema.versions.clone() {
            let what = format!("{} version {version}", schema.name);
            match (codec.default)(version) {
                Ok(bytes) => assert_eq!(bytes, sample::default_message(&schema, version), "{what}"),
                // A default of null where this version has no null.
                Err(WireError::NullNotInVersion { .. }) => {}
                Err(error) => panic!("{what}: {error}"),
            }
        }
    }
}

#[test]
fn a_message_cut_anywhere_is_an_error() {
    for_each_sample(3, |what, codec, version, sample| {
        for cut in 0..sample.bytes.len() {
            let result = (codec.again)(&sample.bytes[..cut], version);
            assert!(result.is_err(), "{what} cut at {cut}");
        }
    });
}

#[test]
fn a_huge_count_is_refused_before_anything_is_allocated_for_it() {
    let mut checked = 0;
    for_each_sample(4, |what, codec, version, sample| {
        for count in &sample.counts {
            let mut bytes = sample.bytes[..count.at].to_vec();
            match count.flexible {
                true => sample::put_uvarint(&mut bytes, i32::MAX as u64),
                false => bytes.extend(i32::MAX.to_be_bytes()),
            }
            bytes.extend([0; 64]);
            let result = (codec.again)(&bytes, version);
            assert!(
                matches!(result, Err(WireError::CountTooLarge { .. })),
                "{what}: {result:?}"
            );
            checked += 1;
        }
    });
    assert!(checked > 1000, "{checked}");
}

#[test]
fn damaged_bytes_are_an_error_or_a_message_that_survives_a_second_trip() {
    for_each_sample(SAMPLES, |what, codec, version, sample| {
        let mut random = Random(sample.bytes.len() as u64);
        for _ in 0..8 {
            let mut bytes = sample.bytes.clone();
            for _ in 0..=random.below(3) {
                if !bytes.is_empty() {
                    let at = random.below(bytes.len());
                    bytes[at] = random.next().to_be_bytes()[0];
                }
            }
            if let Ok(once) = (codec.again)(&bytes, version) {
                assert_eq!((codec.again)(&once, version).as_ref(), Ok(&once), "{what}");
            }
        }
    });
}

#[test]
fn a_version_outside_the_range_is_refused_both_ways() {
    for schema in schema::load() {
        let codec = ours::find(&schema.name);
        for version in [
            schema.versions.start() - 1,
            schema.versions.end() + 1,
            i16::MIN,
            i16::MAX,
        ] {
            let refused = |result| matches!(result, Err(WireError::UnsupportedVersion { .. }));
            assert!(
                refused((codec.again)(&[0; 64], version)),
                "{} {version}",
                schema.name
            );
            assert!(
                refused((codec.default)(version)),
                "{} {version}",
                schema.name
            );
        }
    }
}

#[test]
fn unknown_tagged_fields_are_skipped() {
    for schema in schema::load() {
        let codec = ours::find(&schema.name);
        let Some(version) = schema.flexible_from else {
            continue;
        };
        let bytes = sample::default_message(&schema, version);
        // The last byte is the count of the outermost tagged fields.
        let mut with_unknown = bytes[..bytes.len() - 1].to_vec();
        with_unknown.extend([2, 0x88, 0x27, 3, 1, 2, 3, 0x89, 0x27, 0]);
        if let Ok(again) = (codec.again)(&with_unknown, version) {
            assert_eq!(again, bytes, "{}", schema.name);
        } else {
            let null = (codec.default)(version);
            assert!(
                matches!(null, Err(WireError::NullNotInVersion { .. })),
                "{}",
                schema.name
            );
        }
    }
}
