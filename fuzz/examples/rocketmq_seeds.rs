//! Writes the seeds of the targets `rocketmq_*`: headers that clients send, entries that RocketMQ wrote, properties, batches,
//! tables and expressions. Run it in `fuzz/`.

use std::path::Path;
use std::{fs, io};

use rocketmq::remoting::{ExtWriter, Head, HeaderForm, Language, PREFIX_BYTES, write_frame};
use rocketmq::store::message::{Found, find, push_property};

/// What RocketMQ 5.5.0 wrote.
const GOLDEN: &str = "../crates/rocketmq/tests/golden/rocketmq-5.5.0-killed";

const EXPRESSIONS: [&str; 14] = [
    "a > 5 AND b = 'abc'",
    "a BETWEEN 1 AND 9 OR a NOT BETWEEN -5 AND 0",
    "-(n BETWEEN 1 AND 9) BETWEEN 1 AND 9",
    "a IS NULL OR b IS NOT NULL",
    "b IN ('abc', 'it''s') AND NOT b NOT IN ('x')",
    "b CONTAINS 'b' AND b STARTSWITH 'a' AND b ENDSWITH 'c'",
    "b NOT CONTAINS 'x' AND b NOT STARTSWITH 'x'",
    "(a <> 5.5e+1) = TRUE",
    "a >= .5 -- rest",
    "/* c */ a < 2999999999L",
    "TRUE AND NOT FALSE OR a",
    "a <= +7 AND n = - -5",
    "NULL = NULL",
    "b > '5'",
];

fn main() -> io::Result<()> {
    headers()?;
    entries()?;
    properties()?;
    tables()?;
    let properties = text(&[("a", "7"), ("b", "abc"), ("n", "5"), ("f", "5.5")]);
    for (number, expression) in EXPRESSIONS.iter().enumerate() {
        let seed = [expression.as_bytes(), &[0], &properties].concat();
        write("rocketmq_sql92", &format!("{number:02}"), &seed)?;
    }
    Ok(())
}

fn write(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = Path::new("corpus").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

fn text(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in pairs {
        push_property(&mut text, name, value);
    }
    text
}

fn headers() -> io::Result<()> {
    let send: &dyn Fn(&mut ExtWriter<'_>) = &|fields| {
        for (name, value) in [
            ("a", "group"),
            ("b", "T"),
            ("e", "0"),
            ("i", "KEYS\u{1}k\u{2}"),
        ] {
            fields.put(name, value);
        }
    };
    let bare: &dyn Fn(&mut ExtWriter<'_>) = &|_| {};
    for (form, form_name) in [(HeaderForm::Json, "json"), (HeaderForm::Binary, "binary")] {
        for (name, code, flag, remark, fields) in [
            ("send", 310, 0, None, send),
            ("oneway", 310, 2, None, send),
            ("heartbeat", 34, 0, None, bare),
            ("answer", 1, 1, Some("what \"went\" wrong\n"), bare),
        ] {
            let head = Head {
                form,
                code,
                language: Language::from_name("GO"),
                version: 317,
                opaque: 7,
                flag,
                remark,
            };
            let mut frame = Vec::new();
            assert!(write_frame(&mut frame, &head, fields, 4), "{name}");
            frame.extend_from_slice(b"body");
            write(
                "rocketmq_header",
                &format!("{name}-{form_name}"),
                &frame[PREFIX_BYTES..],
            )?;
        }
    }
    let lenient = br#"{"code":"105","extFields":{"topic":5,"x":{"y":[1,null]}, "u":"\u00e9\ud83d\ude00"},"flag":0,"language":"?","opaque":1,"serializeTypeCurrentRPC":"JSON","version":3}"#;
    let length = u32::try_from(lenient.len()).expect("short");
    write(
        "rocketmq_header",
        "lenient",
        &[&length.to_be_bytes(), &lenient[..]].concat(),
    )
}

/// The entries of a commit log, and several in a row.
fn entries() -> io::Result<()> {
    let log = fs::read(format!("{GOLDEN}/commitlog/00000000000000000000"))?;
    let mut at = 0;
    for number in 0..12 {
        let Some(Ok(Found::Entry(entry))) = log.get(at..).map(find) else {
            break;
        };
        write("rocketmq_entry", &format!("{number:02}"), entry.bytes)?;
        at += entry.bytes.len();
    }
    write("rocketmq_entry", "row", &log[..at])?;
    write(
        "rocketmq_entry",
        "blank",
        &[0, 0, 1, 0, 0xCB, 0xD4, 0x31, 0x94, 0, 0],
    )
}

fn properties() -> io::Result<()> {
    let pairs = text(&[
        ("KEYS", "a b"),
        ("TAGS", "t"),
        ("UNIQ_KEY", "7F00"),
        ("WAIT", "true"),
    ]);
    for (name, text) in [
        ("pairs", &pairs[..]),
        ("open", &pairs[..pairs.len() - 1]),
        ("odd", b"\x02a\x01\x02\x01b\x02ab\x02c\x01d\x01e"),
    ] {
        write("rocketmq_properties", name, &[&[0], text].concat())?;
    }
    let mut batch = vec![1];
    for (body, properties) in [
        (&b"one"[..], &pairs[..]),
        (b"", b""),
        (b"three", b"K\x011\x02"),
    ] {
        let size = u32::try_from(22 + body.len() + properties.len()).expect("short");
        batch.extend_from_slice(&size.to_be_bytes());
        batch.extend_from_slice(&[0; 12]);
        batch.extend_from_slice(&u32::try_from(body.len()).expect("short").to_be_bytes());
        batch.extend_from_slice(body);
        batch.extend_from_slice(
            &u16::try_from(properties.len())
                .expect("short")
                .to_be_bytes(),
        );
        batch.extend_from_slice(properties);
    }
    write("rocketmq_properties", "batch", &batch)
}

fn tables() -> io::Result<()> {
    for (name, document) in [
        ("topics", &br#"{
	"dataVersion":{"counter":1,"stateVersion":0,"timestamp":1764155000000
	},
	"topicConfigTable":{
		"T":{"attributes":{},"order":false,"perm":6,"readQueueNums":4,"topicFilterType":"SINGLE_TAG","topicName":"T","topicSysFlag":0,"writeQueueNums":4
		}
	}
}"#[..]),
        ("offsets", &br#"{"offsetTable":{"T@g":{0:3,1:5000000000},"b@g":{"7":1,},}}"#[..]),
        ("object-keys", &br#"{"t":{{"brokerName":"b","queueId":1}:{"x":-1.5e3},{"a":[]}:null}}"#[..]),
        ("words", &br#"{name:'a"b',"u":"\u00e9\ud83d\ude00\ud83dx\n",t:true,n:null,d:[0.5,1e300,]}"#[..]),
    ] {
        write("rocketmq_json", name, document)?;
    }
    Ok(())
}
