//! All messages of the crate behind one function pointer type.

use kafka_wire::{Message, Reader, WireError, Writer, messages::*};

/// One message's code.
pub(crate) struct Codec {
    pub(crate) name: &'static str,
    /// Decodes (whatever follows is ignored), then encodes what was read.
    pub(crate) again: fn(&[u8], i16) -> Result<Vec<u8>, WireError>,
    /// Encodes the default value.
    pub(crate) default: fn(i16) -> Result<Vec<u8>, WireError>,
}

/// Every message of the crate.
pub(crate) fn all() -> Vec<Codec> {
    let mut codecs = Vec::new();
    macro_rules! add {
        ($name:ident) => {
            codecs.push(Codec {
                name: <$name as Message>::NAME,
                again: |bytes, version| {
                    let message = $name::decode(&mut Reader::new(bytes), version)?;
                    let mut w = Writer::new();
                    message.encode(&mut w, version)?;
                    Ok(w.into_vec())
                },
                default: |version| {
                    let mut w = Writer::new();
                    $name::default().encode(&mut w, version)?;
                    Ok(w.into_vec())
                },
            });
        };
    }
    kafka_wire::for_each_message!(add);
    codecs
}

/// The code of the message with this name.
pub(crate) fn find(name: &str) -> Codec {
    all()
        .into_iter()
        .find(|codec| codec.name == name)
        .expect("every schema has its code")
}
