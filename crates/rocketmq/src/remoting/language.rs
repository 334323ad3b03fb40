//! The languages a client may say it is written in.

/// One byte in a binary header, a word in a JSON header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language(u8);

/// In the order of their numbers.
const NAMES: [&str; 14] = [
    "JAVA", "CPP", "DOTNET", "PYTHON", "DELPHI", "ERLANG", "RUBY", "OTHER", "HTTP", "GO", "PHP",
    "OMS", "RUST", "NODE_JS",
];

impl Language {
    /// What this server says it is: the Java client looks at the version of what it takes for a Java broker.
    pub const JAVA: Self = Self(0);
    /// A language without a number of its own.
    pub const OTHER: Self = Self(7);

    /// The language with this number; one that is not known is [`Self::OTHER`].
    #[must_use]
    pub fn from_number(number: u8) -> Self {
        if usize::from(number) < NAMES.len() {
            Self(number)
        } else {
            Self::OTHER
        }
    }

    /// The language with this name; one that is not known is [`Self::OTHER`].
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let number = NAMES.iter().position(|known| *known == name);
        number
            .and_then(|number| u8::try_from(number).ok())
            .map_or(Self::OTHER, Self)
    }

    /// As binary headers have it.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// As JSON headers have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).copied().unwrap_or("OTHER")
    }
}
