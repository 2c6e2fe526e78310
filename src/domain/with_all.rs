//! Enums that know all of their variants.

/// An enum, and `ALL` of its variants in the order in which they are written: none can be left out.
macro_rules! with_all {
    (
        $(#[$about:meta])*
        $vis:vis enum $name:ident {
            $($(#[$about_variant:meta])* $variant:ident $(= $code:literal)?),+ $(,)?
        }
    ) => {
        $(#[$about])*
        $vis enum $name {
            $($(#[$about_variant])* $variant $(= $code)?),+
        }

        impl $name {
            /// Each of them, in the order in which they are written.
            $vis const ALL: [$name; [$($name::$variant),+].len()] = [$($name::$variant),+];
        }
    };
}

pub(crate) use with_all;

/// An enum whose variants have words, in files, options and JSON: `ALL` of them, the word of each, and which one a word means.
macro_rules! with_names {
    (
        $(#[$about:meta])*
        $vis:vis enum $name:ident {
            $($(#[$about_variant:meta])* $variant:ident => $word:literal),+ $(,)?
        }
    ) => {
        crate::domain::with_all! {
            $(#[$about])*
            $vis enum $name {
                $($(#[$about_variant])* $variant),+
            }
        }

        impl $name {
            /// Its word.
            $vis const fn name(self) -> &'static str {
                match self {
                    $($name::$variant => $word),+
                }
            }

            /// The one that a word means.
            $vis fn named(word: &str) -> Option<$name> {
                $name::ALL.into_iter().find(|known| known.name() == word)
            }
        }
    };
}

pub(crate) use with_names;
