using ConvTransfer.Core;

namespace ConvTransfer.Runtime.Caching;

/// <summary>Names the activations of one picture.</summary>
/// <param name="Scope">What computed them: the hash of an <see cref="ActivationScope"/>. Entries of a scope that is out of use make room for others.</param>
/// <param name="Entry">The hash of everything that they depend on, the scope included.</param>
public readonly record struct ActivationKey(ContentHash Scope, ContentHash Entry);
