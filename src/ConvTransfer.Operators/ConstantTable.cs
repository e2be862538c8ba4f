using System.Collections.Concurrent;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Operators;

/// <summary>Values known while planning, by name: initializers, turned into tensors when first asked for, and results of folded nodes. Owns its tensors; safe for concurrent readers.</summary>
internal sealed class ConstantTable : IDisposable
{
    private readonly ConstantTable? _outer;
    private readonly ConcurrentDictionary<string, Entry> _entries = new();

    /// <summary>Creates a table; what it does not hold it looks up in <paramref name="outer"/>.</summary>
    public ConstantTable(ConstantTable? outer = null) => _outer = outer;

    /// <summary>True when the name's value is known.</summary>
    public bool Contains(string name) => _entries.ContainsKey(name) || _outer?.Contains(name) == true;

    /// <summary>The type of a known value, without making the tensor.</summary>
    public TensorType? TypeOf(string name) => _entries.TryGetValue(name, out var entry) ? entry.Type : _outer?.TypeOf(name);

    /// <summary>The value, or null when it is not known. It stays the table's.</summary>
    public Tensor? Find(string name) => _entries.TryGetValue(name, out var entry) ? entry.Get() : _outer?.Find(name);

    /// <summary>The native bytes of the tensors that were made so far, those of an outer table not counted.</summary>
    public long NativeBytes => _entries.Values.Sum(e => e.NativeBytes);

    /// <summary>Adds file data that becomes a tensor when it is asked for.</summary>
    /// <param name="name">The value's name.</param>
    /// <param name="data">The data.</param>
    /// <param name="widenHalf">True to hold float16 as float32.</param>
    public void Add(string name, TensorData data, bool widenHalf = false) => _entries[name] = new Entry(data, widenHalf);

    /// <summary>Adds a tensor that the table then owns.</summary>
    public void Add(string name, Tensor tensor) => _entries[name] = new Entry(tensor);

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (var entry in _entries.Values) entry.Dispose();
        _entries.Clear();
    }

    private sealed class Entry : IDisposable
    {
        private readonly TensorData? _data;
        private readonly Lock _lock = new();
        private readonly bool _widen;
        private Tensor? _tensor;

        public Entry(Tensor tensor)
        {
            _tensor = tensor;
            Type = TensorType.Of(tensor.ElementType, tensor.Shape);
        }

        public Entry(TensorData data, bool widenHalf)
        {
            _data = data;
            _widen = widenHalf && data.ElementType == ElementType.Float16;
            Type = _widen ? data.Type with { ElementType = ElementType.Float32 } : data.Type;
        }

        public TensorType Type { get; }

        public long NativeBytes => _tensor?.NativeBytes ?? 0;

        public Tensor Get()
        {
            lock (_lock)
            {
                if (_tensor is not null) return _tensor;
                var tensor = _data!.ToTensor();
                return _tensor = _widen ? HalfConversion.Widen(tensor) : tensor;
            }
        }

        public void Dispose() => _tensor?.Dispose();
    }
}
