using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Runtime;

/// <summary>What is made once per model from constants, such as packed weights. Safe for concurrent use.</summary>
internal sealed class SharedObjects : IDisposable
{
    private readonly Dictionary<Node, Dictionary<string, object>> _byNode = new(ReferenceEqualityComparer.Instance);
    private readonly Lock _lock = new();

    /// <summary>The object of a node and purpose, made when first asked for.</summary>
    public T Get<T>(Node node, string purpose, Func<T> create) where T : class
    {
        lock (_lock)
        {
            if (!_byNode.TryGetValue(node, out var ofNode)) _byNode[node] = ofNode = [];
            if (!ofNode.TryGetValue(purpose, out object? found)) ofNode[purpose] = found = create();
            return (T)found;
        }
    }

    /// <summary>The native bytes of what was made so far.</summary>
    public long NativeBytes
    {
        get
        {
            lock (_lock) return _byNode.Values.SelectMany(d => d.Values).OfType<IPackedOperand>().Sum(p => p.NativeBytes);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var found in _byNode.Values.SelectMany(d => d.Values).OfType<IDisposable>()) found.Dispose();
            _byNode.Clear();
        }
    }
}
