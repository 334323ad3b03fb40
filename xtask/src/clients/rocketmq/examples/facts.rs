//! What of a program's output chance does not decide.
//!
//! Messages are counted by topic, tags, keys and body; other lines by their shape. Numbers are `#` and ids `ID` in both. Which
//! queue, which thread, how late and in which order is not looked at: the shared cases of the clients do that.

use std::collections::{BTreeMap, BTreeSet};

/// Whether it is known how often something comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Counting {
    /// As often each time.
    Exact,
    /// That it comes is all there is to say.
    Whether,
}

/// How a message begins when a client prints it.
const MESSAGE: &str = "MessageExt [";
/// How the answer to a send begins; some programs print one behind the other.
const ANSWER: &str = "SendResult [";
/// So many hexadecimal digits are an id.
const ID_DIGITS: usize = 16;

/// What stands in each line that the programs' logger prints of itself.
const LOGGER: &str = " |-";

/// Messages that were printed.
pub(super) fn messages_in(said: &str) -> usize {
    said.matches(MESSAGE).count()
}

/// The facts, in an order of their own.
pub(super) fn facts(said: &str, counting: Counting) -> Vec<String> {
    let mut kinds: BTreeMap<String, (usize, BTreeSet<String>)> = BTreeMap::new();
    let said = said.replace(ANSWER, &format!("\n{ANSWER}"));
    let is_said = |line: &&str| !line.trim().is_empty() && !line.contains(LOGGER);
    for line in said.lines().filter(is_said) {
        if let Some((_, messages)) = line.split_once(MESSAGE) {
            for message in messages.split(MESSAGE) {
                let message = outline(message);
                let kind = kinds.entry(format!("message: {}", shape(&message)));
                let (count, different) = kind.or_default();
                *count += 1;
                different.insert(message);
            }
        } else {
            let (count, _) = kinds.entry(shape(line)).or_default();
            *count += 1;
        }
    }
    let facts = kinds
        .into_iter()
        .map(|(kind, (count, different))| match counting {
            Counting::Whether => kind,
            Counting::Exact if different.len() > 1 => {
                format!("{count} × {kind}, {} different", different.len())
            }
            Counting::Exact => format!("{count} × {kind}"),
        });
    facts.collect()
}

/// Topic, tags, keys and body of a printed message.
fn outline(message: &str) -> String {
    let between = |from: &str, to: &[char]| {
        let (_, rest) = message.split_once(from)?;
        rest.split(to).next()
    };
    let body = between("body=[", &[']']).unwrap_or_default();
    let body: Vec<u8> = body
        .split(", ")
        .filter_map(|byte| byte.parse::<i8>().ok())
        .map(i8::cast_unsigned)
        .collect();
    format!(
        "{} tags {} keys {} {:?}",
        between("topic='", &['\'']).unwrap_or_default(),
        between("TAGS=", &[',', '}']).unwrap_or("–"),
        between("KEYS=", &[',', '}']).unwrap_or("–"),
        String::from_utf8_lossy(&body)
    )
}

/// A line with `#` for each number and `ID` for each id, or for a list of them.
fn shape(line: &str) -> String {
    let mut shape = String::new();
    let mut word = String::new();
    for c in line.trim().chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        shape.push_str(&shape_of_word(&word));
        word.clear();
        shape.push(c);
    }
    while shape.contains("ID,ID") {
        shape = shape.replace("ID,ID", "ID");
    }
    shape.trim_end().to_owned()
}

fn shape_of_word(word: &str) -> String {
    if word.len() >= ID_DIGITS && word.chars().all(|c| c.is_ascii_hexdigit()) {
        return "ID".to_owned();
    }
    let mut shape = String::new();
    for c in word.chars() {
        match c.is_ascii_digit() {
            true if shape.ends_with('#') => {}
            true => shape.push('#'),
            false => shape.push(c),
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_their_shape() {
        let said = "SendResult [sendStatus=SEND_OK, msgId=7F0000010A2B18B4AAC2000000000000, queueOffset=12]\
                    SendResult [sendStatus=SEND_OK, msgId=7F0000010A2B18B4AAC2000000000001,7F0000010A2B18B4AAC2000000000002, queueOffset=3]\n\
                    Consumer Started.\n";
        assert_eq!(
            facts(said, Counting::Exact),
            [
                "1 × Consumer Started.",
                "2 × SendResult [sendStatus=SEND_OK, msgId=ID, queueOffset=#]"
            ]
        );
        assert_eq!(facts(said, Counting::Whether)[0], "Consumer Started.");
    }

    #[test]
    fn messages_are_counted_by_what_they_hold() {
        let message = |body: &str| {
            format!(
                "MessageExt [brokerName=broker-a, queueId=3, toString()=Message{{topic='T', flag=0, \
                 properties={{MIN_OFFSET=0, TAGS=TagA, WAIT=true}}, body=[{body}], transactionId='null'}}]"
            )
        };
        let said = format!(
            "ConsumeMessageThread_g_1 Receive New Messages: [{}] \n[{}, {}] \n",
            message("104, 105, 32, 49"),
            message("104, 105, 32, 49"),
            message("104, 105, 32, 50")
        );
        assert_eq!(messages_in(&said), 3);
        assert_eq!(
            facts(&said, Counting::Exact),
            ["3 × message: T tags TagA keys – \"hi #\", 2 different"]
        );
    }

    #[test]
    fn words_with_numbers_keep_their_letters() {
        for (line, expected) in [
            (
                "17         OK 7F0000010A2B18B4AAC2000000000000 ",
                "#         OK ID",
            ),
            (
                "Receive message[msgId=7F0000010A2B18B4AAC2 10003  ms later]",
                "Receive message[msgId=ID #  ms later]",
            ),
            ("KEY12 at 127.0.0.1:9876", "KEY# at #.#.#.#:#"),
        ] {
            assert_eq!(shape(line), expected);
        }
    }
}
