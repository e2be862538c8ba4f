using System.Buffers.Binary;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Imaging;
using ConvTransfer.Runtime;
using ConvTransfer.Runtime.Caching;
using ConvTransfer.Training;

namespace ConvTransfer.Pipelines;

/// <summary>Pictures as the samples of a training: decoded, varied, made ready by the recipe, and computed up to the frontier, several at a time. What the frozen part gives is kept in a cache.</summary>
/// <remarks>A view's random numbers depend on the picture's content, not on its place: the same picture has the same views in every fold.</remarks>
internal sealed class PictureSamples : ISampleSource, IDisposable
{
    private readonly ImageDataset _images;
    private readonly ImagePreprocessor _preprocessor;
    private readonly PictureViews _views;
    private readonly PipelineOptions _options;
    private readonly ActivationCache? _cache;
    private readonly KeptFrontier[] _kept = [];
    private readonly Shape[] _shapes = [];
    private readonly Planner? _planner;
    private readonly Worker?[] _workers;
    private readonly ContentHash?[] _contents;
    private readonly Func<ContentHash, long[], CancellationToken, EarlierFrontier?> _find = (_, _, _) => null;
    private readonly Lock _lock = new();
    private EarlierFrontier? _earlier;
    private bool _isSought;
    private long _passes;

    /// <summary>Prepares the pictures of a data set, all of which can be read.</summary>
    /// <param name="images">The pictures.</param>
    /// <param name="recipe">How they are made ready; it gives all of them one size.</param>
    /// <param name="views">How they are varied in epochs.</param>
    /// <param name="phases">The phases of the training: their frozen parts and frontiers.</param>
    /// <param name="phase">The index of the phase whose frontier the samples are given at.</param>
    /// <param name="cache">Keeps what the frozen part gives; null to keep nothing.</param>
    /// <param name="features">The scope of the features of the pictures, which lie behind the frontier; null where none are kept.</param>
    /// <param name="options">Seed, threads and limits.</param>
    public PictureSamples(ImageDataset images, InputRecipe recipe, PictureViews views, IReadOnlyList<TrainingPhase> phases, int phase, ActivationCache? cache, ActivationScope? features, PipelineOptions options)
    {
        _images = images;
        _preprocessor = new ImagePreprocessor(recipe);
        _views = views;
        _options = options;
        _workers = new Worker?[options.Workers];
        _contents = new ContentHash?[images.Count];
        if (phases[phase].First is not { } first) return;
        // What is kept serves the later phases too: a pass through the frozen part gives all their frontiers, which lie in it. Each is kept as a training from there would keep it.
        TrainingPhase[] wanted = [.. phases.Skip(phase).Take(views.CanBeKept ? phases.Count : 1).Where(p => p.First is not null)];
        var values = wanted.SelectMany(p => p.Frontier.Zip(p.FrontierTypes)).DistinctBy(v => v.First).ToArray();
        string[] names = [.. values.Select(v => v.First)];
        _shapes = [.. values.Select(v => new Shape([1, .. v.Second.ToShape().Dims[1..]]))];
        _planner = new Planner(first, names, options.Limits);
        _cache = views.CanBeKept ? cache : null;
        string preparation = _preprocessor.Preparation(views.Augmentation);
        _kept = [.. wanted.Select(p => new KeptFrontier(new ActivationScope(p.First!, p.Frontier, preparation, options.Limits), [.. p.Frontier.Select(name => Array.IndexOf(names, name))]))];
        var own = _kept.Select(k => k.Scope).Append(features).OfType<ActivationScope>().Select(s => s.Hash).ToHashSet();
        _find = (picture, view, cancellationToken) => EarlierFrontier.Find(first, names, Input, preparation, _cache!, picture, view, own, options.Limits, cancellationToken);
    }

    public int Count => _images.Count;

    /// <summary>Called before each read.</summary>
    public Action? BeforeRead { get; set; }

    /// <summary>Bytes of native memory that computing the frozen part takes: constants and packed weights, and what all workers have of their own. 0 where nothing is frozen.</summary>
    public (long Shared, long Workers) NativeBytes()
    {
        if (_planner is null) return (0, 0);
        var (shared, session) = _planner.Memory(1, Input);
        return (shared, _workers.Length * session);
    }

    /// <summary>Passes through the frozen part so far.</summary>
    public long Passes => Interlocked.Read(ref _passes);

    public int Label(int index) => _images.Items[index].Label;

    public void Read(ReadOnlySpan<SampleView> views, ReadOnlySpan<Tensor> values, CancellationToken cancellationToken)
    {
        BeforeRead?.Invoke();
        var list = views.ToArray();
        var tensors = values.ToArray();
        // A batch that is filled up may hold a view more than once: it is made once, however many threads there are.
        var firstRows = new Dictionary<SampleView, int>();
        for (int row = 0; row < list.Length; row++) firstRows.TryAdd(list[row], row);
        int[] rows = [.. firstRows.Values];
        ImageLoop.Run(rows.Length, _options.Workers, "samples", (worker, i) => (_workers[worker] ??= new Worker(this)).Write(list[rows[i]], rows[i], tensors, cancellationToken), null, cancellationToken);
        for (int row = 0; row < list.Length; row++)
            if (firstRows[list[row]] is var from && from != row) foreach (var tensor in tensors) Row(tensor, from).CopyTo(Row(tensor, row));
    }

    public void Dispose()
    {
        Release();
        _earlier?.Dispose();
        _planner?.Dispose();
    }

    /// <summary>Frees what the workers have of their own; the next read takes it again.</summary>
    public void Release()
    {
        foreach (ref var worker in _workers.AsSpan())
        {
            worker?.Dispose();
            worker = null;
        }
    }

    private Shape Input => new([1, .. _preprocessor.OutputShape(_preprocessor.Recipe.FixedSize!.Value).Dims]);

    // Looked for once, when the first picture is missing: what one training kept it kept of all pictures.
    private EarlierFrontier? Earlier(ContentHash picture, long[] view, CancellationToken cancellationToken)
    {
        if (_cache is null) return null;
        lock (_lock)
        {
            if (_isSought) return _earlier;
            _earlier = _find(picture, view, cancellationToken);
            _isSought = true;
            return _earlier;
        }
    }

    private static Span<float> Row(Tensor value, int row)
    {
        int length = checked((int)(value.ElementCount / value.Shape[0]));
        return value.AsSpan<float>().Slice(row * length, length);
    }

    /// <summary>The frontier of a phase, as it is kept.</summary>
    /// <param name="Scope">Names what gives it.</param>
    /// <param name="Places">The places of its values among all that a pass gives.</param>
    private sealed record KeptFrontier(ActivationScope Scope, int[] Places);

    /// <summary>What one thread has of its own.</summary>
    private sealed class Worker(PictureSamples owner) : IDisposable
    {
        private readonly Session? _session = owner._planner?.CreateSession(threads: 1);
        private Tensor[] _results = [];
        private Tensor? _input, _before;
        private Session? _rest;

        public void Write(SampleView view, int row, Tensor[] values, CancellationToken cancellationToken)
        {
            string path = owner._images.Items[view.Index].Path;
            byte[]? bytes = null;
            var content = owner._contents[view.Index] ??= ContentHash.Of(bytes = Bytes(path));
            var key = Key(view, content);
            if (_session is null)
            {
                Prepare(path, bytes ?? Bytes(path), view.Epoch < 0, key, Row(values[0], row));
                return;
            }
            if (_results.Length == 0) _results = Array.ConvertAll(owner._shapes, shape => Tensor.Uninitialized(ElementType.Float32, shape));
            long[] numbers = view.Epoch < 0 ? [] : [key.Seed, key.View];
            var own = Results(owner._kept[0]);
            if (owner._cache?.TryRead(owner._kept[0].Scope.Key(content, numbers), own) != true)
            {
                if (!IsContinued(owner.Earlier(content, numbers, cancellationToken), content, numbers, cancellationToken)) Compute(path, bytes ?? Bytes(path), view.Epoch < 0, key, cancellationToken);
                foreach (var kept in owner._kept) owner._cache?.Write(kept.Scope.Key(content, numbers), Results(kept));
            }
            for (int v = 0; v < values.Length; v++) own[v].AsSpan<float>().CopyTo(Row(values[v], row));
        }

        public void Dispose()
        {
            _session?.Dispose();
            _rest?.Dispose();
            _input?.Dispose();
            _before?.Dispose();
            foreach (var result in _results) result.Dispose();
        }

        // Computes the frontier from what an earlier training kept on the way to it.
        private bool IsContinued(EarlierFrontier? from, ContentHash content, long[] view, CancellationToken cancellationToken)
        {
            if (from is null) return false;
            _before ??= Tensor.Uninitialized(ElementType.Float32, from.Shape);
            if (!owner._cache!.TryRead(from.Key(content, view), _before)) return false;
            (_rest ??= from.CreateSession()).Run([_before], _results, cancellationToken);
            return true;
        }

        private Tensor[] Results(KeptFrontier frontier) => Array.ConvertAll(frontier.Places, place => _results[place]);

        private ViewKey Key(SampleView view, ContentHash content)
        {
            Span<byte> hash = stackalloc byte[ContentHash.Length];
            content.CopyTo(hash);
            long sample = BinaryPrimitives.ReadInt64LittleEndian(hash) & long.MaxValue;
            return new ViewKey(owner._options.Seed, owner._views.ViewIn(view.Epoch, owner._options.Seed, sample), sample);
        }

        private byte[] Bytes(string path) => WholeFile.Read(path, "a picture", FailureCause.ImageInvalid, owner._options.Limits.ImageFileBytes);

        private void Compute(string path, byte[] bytes, bool unvaried, ViewKey key, CancellationToken cancellationToken)
        {
            _input ??= Tensor.Uninitialized(ElementType.Float32, owner.Input);
            Prepare(path, bytes, unvaried, key, _input.AsSpan<float>());
            _session!.Run([_input], _results, cancellationToken);
            Interlocked.Increment(ref owner._passes);
        }

        private void Prepare(string path, byte[] bytes, bool unvaried, ViewKey key, Span<float> to)
        {
            using var picture = ImageReader.Decode(bytes, path, owner._options.Limits);
            if (unvaried) owner._preprocessor.Run(picture, to);
            else owner._preprocessor.Run(picture, owner._views.Augmentation, key, to);
        }
    }
}
