//! A remoting frame behind its length: header in either form, and everything a request's own fields are read as.
//!
//! Holds: nothing panics; what decodes can be written in the form it came in, and decodes to the same again. Written in the
//! other form it holds the same, but for what that form cannot say: a code or version above 16 bits, empty texts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rocketmq::remoting::{Command, Head, HeaderForm, PREFIX_BYTES, write_frame};

/// What was decoded, written in a form; `None` where that form has no room for it.
fn written(command: &Command<'_>, form: HeaderForm) -> Option<Vec<u8>> {
    let head = Head {
        form,
        code: command.code,
        language: command.language,
        version: command.version,
        opaque: command.opaque,
        flag: command.flag,
        remark: command.remark.as_deref(),
    };
    let mut out = Vec::new();
    let fits = write_frame(
        &mut out,
        &head,
        &|fields| {
            for (name, value) in command.ext.iter() {
                fields.put(name, value);
            }
        },
        command.body.len(),
    );
    out.extend_from_slice(command.body);
    fits.then_some(out)
}

fn decoded(frame: &[u8]) -> Command<'_> {
    let (prefix, own) = frame.split_first_chunk::<PREFIX_BYTES>().expect("a prefix");
    assert_eq!(usize::try_from(u32::from_be_bytes(*prefix)), Ok(own.len()));
    Command::decode(own).expect("what was written can be read")
}

/// Fields that a binary header can hold and tell apart from none.
fn full_fields<'c>(command: &'c Command<'_>) -> Vec<(&'c str, &'c str)> {
    let fields = command.ext.iter();
    fields.filter(|(name, _)| !name.is_empty()).collect()
}

fn other(form: HeaderForm) -> HeaderForm {
    match form {
        HeaderForm::Json => HeaderForm::Binary,
        HeaderForm::Binary => HeaderForm::Json,
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(command) = Command::decode(bytes) else {
        return;
    };
    let same = written(&command, command.form).expect("it came in this form");
    assert_eq!(decoded(&same), command);
    if let Some(other) = written(&command, other(command.form)) {
        let read = decoded(&other);
        assert_eq!(
            (
                read.code,
                read.language,
                read.version,
                read.opaque,
                read.flag
            ),
            (
                command.code,
                command.language,
                command.version,
                command.opaque,
                command.flag
            )
        );
        assert_eq!(
            read.remark.as_deref().unwrap_or(""),
            command.remark.as_deref().unwrap_or("")
        );
        assert_eq!(full_fields(&read), full_fields(&command));
        assert_eq!(read.body, command.body);
    }
});
