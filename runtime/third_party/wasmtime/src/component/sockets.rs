//! wasi:sockets, with nothing behind it: programs that can use the network import it even when they do not. Each call
//! that can answer an error answers `access-denied`; none makes a socket, so that the rest is never reached.

use super::{Context, State};
use wasmtime::component::types::{ComponentItem, Type};
use wasmtime::component::{LinkerInstance, ResourceType, Val};
use wasmtime::{Engine, Error, Result};

/// The types of handles that nobody ever has, except for the network itself.
struct Network;
struct TcpSocket;
struct UdpSocket;
struct IncomingDatagrams;
struct OutgoingDatagrams;
struct ResolvedAddresses;

fn type_of(resource: &str) -> Option<ResourceType> {
    Some(match resource {
        "network" => ResourceType::host::<Network>(),
        "tcp-socket" => ResourceType::host::<TcpSocket>(),
        "udp-socket" => ResourceType::host::<UdpSocket>(),
        "incoming-datagram-stream" => ResourceType::host::<IncomingDatagrams>(),
        "outgoing-datagram-stream" => ResourceType::host::<OutgoingDatagrams>(),
        "resolve-address-stream" => ResourceType::host::<ResolvedAddresses>(),
        _ => return None,
    })
}

fn denies(result: Option<Type>) -> bool {
    match result {
        Some(Type::Result(result)) => match result.err() {
            Some(Type::Enum(codes)) => codes.names().any(|name| name == "access-denied"),
            _ => false,
        },
        _ => false,
    }
}

fn define_function(linker: &mut LinkerInstance<'_, State>, name: &str) -> Result<()> {
    if name == "instance-network" {
        return linker
            .func_wrap(name, |mut context: Context<'_>, (): ()| Ok((context.data_mut().resources.push(Network)?,)));
    }
    linker.func_new(name, |mut context, function, arguments, results| {
        for argument in arguments {
            // A handle that was lent has to be given back before the call ends.
            if let Val::Resource(handle) = argument {
                handle.resource_drop(&mut context)?;
            }
        }
        if !denies(function.results().next()) {
            return Err(Error::msg("a socket was used that cannot exist"));
        }
        results[0] = Val::Result(Err(Some(Box::new(Val::Enum("access-denied".into())))));
        Ok(())
    })
}

/// Defines what `import`, an instance of one of the interfaces, is made of.
pub fn define(linker: &mut LinkerInstance<'_, State>, import: &ComponentItem, engine: &Engine) -> Result<()> {
    let ComponentItem::ComponentInstance(instance) = import else {
        return Err(Error::msg("wasi:sockets is imported as something that is no instance"));
    };
    for (name, export) in instance.exports(engine) {
        match &export.ty {
            ComponentItem::ComponentFunc(_) => define_function(linker, name)?,
            ComponentItem::Resource(_) => {
                // Others are those of wasi:io under a second name, and defined there.
                if let Some(ty) = type_of(name) {
                    linker.resource(name, ty, |_, _| Ok(()))?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}
