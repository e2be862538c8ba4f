using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Runtime;
using ConvTransfer.Runtime.Caching;

namespace ConvTransfer.Pipelines;

/// <summary>Computes the features of pictures: decode, recipe, network, one picture at a time on each thread. Memory does not grow with the number of pictures but for the features.</summary>
/// <remarks>A picture's features have the same bits whatever the number of threads and whatever runs beside. Safe for concurrent use.</remarks>
public sealed class FeatureExtractor : IDisposable
{
    private readonly ImagePreprocessor _preprocessor;
    private readonly FeatureNetwork _network;
    private readonly Planner _planner;
    private readonly PipelineOptions _options;
    private readonly ActivationScope? _scope;
    private int _passes;

    /// <summary>Prepares a network.</summary>
    /// <param name="network">The network, cut where its features are: one input, a batch of pictures as the recipe makes them, and one output of rank 2 or more. What lies behind its first axis is taken as one row.</param>
    /// <param name="recipe">How pictures are made ready.</param>
    /// <param name="options">How to work; null for the defaults.</param>
    /// <exception cref="ConvTransferException">The network does not take what the recipe makes, gives no features, or cannot be run; every reason is listed.</exception>
    public FeatureExtractor(Model network, InputRecipe recipe, PipelineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(recipe);
        _options = options ?? PipelineOptions.Default;
        _options.Check();
        _preprocessor = new ImagePreprocessor(recipe);
        _network = FeatureNetwork.Of(network, recipe, _options.Limits);
        _planner = new Planner(network, limits: _options.Limits);
        if (_options.Cache is not null) _scope = ScopeOf(network, recipe, _options.Limits);
    }

    /// <summary>The scope under which features are kept in a cache.</summary>
    internal static ActivationScope ScopeOf(Model network, InputRecipe recipe, Limits limits) => new(network, outputs: null, new ImagePreprocessor(recipe).Preparation(), limits);

    /// <summary>How it works.</summary>
    internal PipelineOptions Options => _options;

    /// <summary>The number of features of a picture.</summary>
    public int Width => _network.Width;

    /// <summary>How often the network was run.</summary>
    internal int Passes => _passes;

    /// <summary>Computes the features of a data set. With <see cref="PipelineOptions.Cache"/> those that are there are taken from it, with the same bits.</summary>
    /// <param name="images">The pictures.</param>
    /// <param name="progress">Told after every picture, or null.</param>
    /// <param name="cancellationToken">Stops within one step of the network.</param>
    /// <returns>A row for each picture that can be read, in the data set's order.</returns>
    /// <exception cref="ConvTransferException">More pictures are bad than <see cref="PipelineOptions.MaxBadShare"/> allows, or a feature is not finite; the pictures are named.</exception>
    public FeatureTable Extract(ImageDataset images, IProgress<ProgressReport>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var rows = new float[images.Count][];
        var workers = new Worker?[_options.Workers];
        try
        {
            Worker Of(int worker) => workers[worker] ??= new Worker(this);
            var (skipped, kept) = PictureLoop.Run(images, "features", _options,
                (worker, index, picture) => rows[index] = Of(worker).Run(picture, images.Items[index].Path, cancellationToken), progress, cancellationToken,
                _scope is null ? null : (worker, index, encoded) => (rows[index] = Of(worker).Known(encoded)!) is not null);
            return new FeatureTable(new ImageDataset(images.Classes, images.Items.Where((_, i) => kept[i])), Width, rows.Where((_, i) => kept[i]), skipped);
        }
        finally
        {
            foreach (var worker in workers) worker?.Dispose();
        }
    }

    /// <summary>Frees the network's memory.</summary>
    public void Dispose() => _planner.Dispose();

    /// <summary>What one thread has of its own: a session of one thread and the tensors around it, kept from picture to picture.</summary>
    private sealed class Worker(FeatureExtractor owner) : IDisposable
    {
        private readonly Tensor _row = new(ElementType.Float32, new Shape(owner.Width));
        private Session? _session;
        private ActivationKey _key;
        private Tensor? _input;
        private float[] _pixels = [];

        /// <summary>The features that the cache has for a file, or null; then <see cref="Run"/> is next, for the same picture.</summary>
        public float[]? Known(byte[] encoded)
        {
            _key = owner._scope!.Key(ContentHash.Of(encoded));
            return owner._options.Cache!.TryRead(_key, _row) ? _row.AsSpan<float>().ToArray() : null;
        }

        public float[] Run(Tensor picture, string file, CancellationToken cancellationToken)
        {
            try
            {
                Prepare(picture);
                using var features = Features(cancellationToken);
                if (features.ElementCount != owner.Width) throw new ConvTransferException(FailureCause.DataInvalid, $"the network gives {features} for this picture, expected {owner.Width} features; a recipe with a fixed size, or pooling, makes them equal for all", file);
                var row = _row.AsSpan<float>();
                if (features.ElementType == ElementType.Float32) features.AsSpan<float>().CopyTo(row);
                else Widen(features.AsSpan<Half>(), row);
                owner._options.Cache?.Write(_key, _row);
                return row.ToArray();
            }
            catch (ConvTransferException e)
            {
                throw e.WithFile(file);
            }
        }

        public void Dispose()
        {
            _session?.Dispose();
            _input?.Dispose();
            _row.Dispose();
        }

        private void Prepare(Tensor picture)
        {
            var shape = owner._preprocessor.OutputShape(new PixelSize(checked((int)picture.Shape[0]), checked((int)picture.Shape[1])));
            Prepare(new Shape([1, .. shape.Dims]));
            if (_input!.ElementType == ElementType.Float32)
            {
                owner._preprocessor.Run(picture, _input.AsSpan<float>());
            }
            else
            {
                owner._preprocessor.Run(picture, _pixels);
                Narrow(_pixels, _input.AsSpan<Half>());
            }
        }

        private Tensor Features(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref owner._passes);
            return (_session ??= owner._planner.CreateSession(threads: 1)).Run(_input!, cancellationToken)[0];
        }

        private static void Widen(ReadOnlySpan<Half> from, Span<float> to)
        {
            for (int i = 0; i < to.Length; i++) to[i] = (float)from[i];
        }

        private static void Narrow(ReadOnlySpan<float> from, Span<Half> to)
        {
            for (int i = 0; i < to.Length; i++) to[i] = (Half)from[i];
        }

        private void Prepare(Shape shape)
        {
            if (_input is not null && _input.Shape.Equals(shape)) return;
            _input?.Dispose();
            _input = Tensor.Uninitialized(owner._network.InputType, shape);
            if (_input.ElementType != ElementType.Float32) _pixels = new float[shape.ElementCount];
        }
    }
}
