//! Rewriting a module function by function: in another order, or so that each call is told.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use wasm_encoder::reencode::{self, utils, Reencode};
use wasm_encoder::{
    CodeSection, ElementSection, Elements, EntityType, Function, FunctionSection, ImportSection, Instruction,
    TypeSection, ValType,
};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, ElementItems, ElementSectionReader, FunctionBody, FunctionSectionReader,
    ImportSectionReader, KnownCustom, Name, Parser, Payload, TypeRef, TypeSectionReader,
};
use wasmtime::{bail, Error, Result};

type Encoding<T = ()> = std::result::Result<T, reencode::Error<Infallible>>;

/// The import through which a module of [`telling_calls`] tells the index that a function has in the original module.
pub const TOLD_MODULE: &str = "openskills";
pub const TOLD_NAME: &str = "called";

/// How many functions a module imports and defines, which of them its tables hold, and the names of its name section by
/// index.
pub struct Functions {
    imported: u32,
    defined: u32,
    pointed_at: HashSet<u32>,
    names: HashMap<u32, String>,
}

impl Functions {
    pub fn read(wasm: &[u8]) -> Result<Self> {
        let mut functions =
            Self { imported: 0, defined: 0, pointed_at: HashSet::new(), names: HashMap::new() };
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        functions.imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::FunctionSection(section) => functions.defined = section.count(),
                Payload::ElementSection(section) => {
                    for element in section {
                        let ElementItems::Functions(items) = element?.items else { continue };
                        for item in items {
                            functions.pointed_at.insert(item?);
                        }
                    }
                }
                Payload::CustomSection(section) => functions.read_names(&section)?,
                _ => {}
            }
        }
        Ok(functions)
    }

    fn read_names(&mut self, section: &CustomSectionReader<'_>) -> Result<()> {
        let KnownCustom::Name(names) = section.as_known() else { return Ok(()) };
        for name in names {
            let Name::Function(map) = name? else { continue };
            for naming in map {
                let naming = naming?;
                self.names.insert(naming.index, naming.name.to_owned());
            }
        }
        Ok(())
    }

    pub fn name(&self, index: u32) -> Option<&str> {
        self.names.get(&index).map(String::as_str)
    }
}

fn encode(mut encoder: impl Reencode<Error = Infallible>, wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = wasm_encoder::Module::new();
    encoder.parse_core_module(&mut module, Parser::new(0), wasm).map_err(|error| Error::msg(error.to_string()))?;
    Ok(module.finish())
}

/// The new order of the defined functions, and where it puts each.
struct Ordering {
    imported: u32,
    order: Vec<usize>,
    places: Vec<u32>,
    declared: Vec<u32>, // by their new index
}

impl Reencode for Ordering {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Encoding<u32> {
        Ok(match function.checked_sub(self.imported) {
            Some(defined) => self.imported + self.places[defined as usize],
            None => function,
        })
    }

    fn parse_function_section(&mut self, out: &mut FunctionSection, section: FunctionSectionReader<'_>) -> Encoding {
        let types = section.into_iter().collect::<wasmparser::Result<Vec<u32>>>()?;
        self.order.iter().for_each(|&defined| {
            out.function(types[defined]);
        });
        Ok(())
    }

    fn parse_code_section(&mut self, out: &mut CodeSection, section: CodeSectionReader<'_>) -> Encoding {
        let bodies = section.into_iter().collect::<wasmparser::Result<Vec<FunctionBody<'_>>>>()?;
        for defined in self.order.clone() {
            self.parse_function_body(out, bodies[defined].clone())?;
        }
        Ok(())
    }

    // An engine counts functions that tables hold in the order in which elements name them, and has a record of each that
    // it fills when the function is first reached through a table: those of named functions lie together so.
    fn parse_element_section(&mut self, out: &mut ElementSection, section: ElementSectionReader<'_>) -> Encoding {
        out.declared(Elements::Functions(self.declared.as_slice().into()));
        utils::parse_element_section(self, out, section)
    }

    // Behind the one that is added.
    fn element_index(&mut self, element: u32) -> Encoding<u32> {
        Ok(element + 1)
    }

    // Names, and whatever else a section of its own says about functions by their old index.
    fn parse_custom_section(&mut self, _: &mut wasm_encoder::Module, _: CustomSectionReader<'_>) -> Encoding {
        Ok(())
    }
}

/// The module with the named functions first, in the order of their names, and no custom section. Several functions of
/// one name, which static ones of several files may have, lie together.
pub fn in_order_of(names: &str, wasm: &[u8]) -> Result<Vec<u8>> {
    let functions = Functions::read(wasm)?;
    if functions.names.is_empty() {
        bail!("the module does not name its functions");
    }
    let mut ranks = HashMap::new();
    for (rank, name) in names.lines().enumerate() {
        ranks.entry(name).or_insert(rank);
    }
    let rank = |defined: usize| {
        let name = functions.name(functions.imported + defined as u32);
        name.and_then(|name| ranks.get(name)).copied().unwrap_or(usize::MAX)
    };
    let mut order: Vec<usize> = (0..functions.defined as usize).collect();
    order.sort_by_key(|&defined| rank(defined)); // a stable sort: the others stay as they are
    if order.first().is_none_or(|&first| rank(first) == usize::MAX) {
        bail!("the module has none of the named functions");
    }
    let mut places = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, &defined)| places[defined] = place as u32);
    let declared = order
        .iter()
        .take_while(|&&defined| rank(defined) != usize::MAX)
        .filter(|&&defined| functions.pointed_at.contains(&(functions.imported + defined as u32)))
        .map(|&defined| functions.imported + places[defined])
        .collect();
    encode(Ordering { imported: functions.imported, order, places, declared }, wasm)
}

/// Calls an import with each function's index where the function begins. The import is one more function, behind the
/// module's own imports; its type is one more type.
struct Telling {
    imported: u32,
    types: u32,
    next: u32,
}

impl Reencode for Telling {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Encoding<u32> {
        Ok(if function < self.imported { function } else { function + 1 })
    }

    fn parse_type_section(&mut self, out: &mut TypeSection, section: TypeSectionReader<'_>) -> Encoding {
        utils::parse_type_section(self, out, section)?;
        self.types = out.len();
        out.ty().function([ValType::I32], []);
        Ok(())
    }

    fn parse_import_section(&mut self, out: &mut ImportSection, section: ImportSectionReader<'_>) -> Encoding {
        utils::parse_import_section(self, out, section)?;
        out.import(TOLD_MODULE, TOLD_NAME, EntityType::Function(self.types));
        Ok(())
    }

    fn parse_function_body(&mut self, out: &mut CodeSection, body: FunctionBody<'_>) -> Encoding {
        let mut function: Function = self.new_function_with_parsed_locals(&body)?;
        function.instruction(&Instruction::I32Const(self.next as i32));
        function.instruction(&Instruction::Call(self.imported));
        self.next += 1;
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            function.instruction(&self.parse_instruction(&mut reader)?);
        }
        out.function(&function);
        Ok(())
    }

    fn parse_custom_section(&mut self, _: &mut wasm_encoder::Module, _: CustomSectionReader<'_>) -> Encoding {
        Ok(())
    }
}

pub fn telling_calls(wasm: &[u8]) -> Result<Vec<u8>> {
    let imported = Functions::read(wasm)?.imported;
    encode(Telling { imported, types: 0, next: imported }, wasm)
}
