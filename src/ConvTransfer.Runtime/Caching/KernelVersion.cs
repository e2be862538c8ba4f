using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime.Caching;

/// <summary>The code that computes on this machine, as a text that is another one when the code may give other bits.</summary>
/// <remarks>The compiler gives every build of other source text another identity; so nobody has to think of raising a number when a kernel changes.</remarks>
public static class KernelVersion
{
    /// <summary>The identities of the engine's assemblies, and the version of the runtime.</summary>
    public static string Text { get; } =
        string.Join(' ', new[] { typeof(Tensor), typeof(Graph), typeof(Operator), typeof(KernelVersion) }.Select(t => t.Module.ModuleVersionId.ToString("N")).Append(Environment.Version.ToString()));
}
